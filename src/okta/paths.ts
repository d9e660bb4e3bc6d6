// Okta's paths of users and groups, as templates: `callOf` fills in the ids, metrics and traces show
// them without.
export const USERS = '/api/v1/users';
export const USER = '/api/v1/users/{user}';
export const GROUPS = '/api/v1/groups';
export const GROUP = '/api/v1/groups/{group}';
export const MEMBERS = '/api/v1/groups/{group}/users';
export const MEMBER = '/api/v1/groups/{group}/users/{user}';
export const GROUP_RULES = '/api/v1/groups/rules';
