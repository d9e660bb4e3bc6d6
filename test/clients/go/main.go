// Command okta-sdk-client lets the tests drive Okta's SDK for Go. It reads one JSON request a line,
// calls the SDK with it, and answers with one JSON line: the SDK's own models, written out again.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/okta/okta-sdk-golang/v5/okta"
)

type request struct {
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args"`
}

type answer struct {
	Value any      `json:"value,omitempty"`
	Error *failure `json:"error,omitempty"`
}

// failure is an error as the SDK's user gets it: its type, and what its model or body holds.
type failure struct {
	Type    string          `json:"type"`
	Message string          `json:"message"`
	Status  int             `json:"status,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// args holds the arguments of all operations; each uses some of them.
type args struct {
	OrgURL        string         `json:"orgUrl"`
	ClientID      string         `json:"clientId"`
	PrivateKeyPem string         `json:"privateKeyPem"`
	KeyID         string         `json:"keyId"`
	Scopes        []string       `json:"scopes"`
	MaxRetries    int32          `json:"maxRetries"`
	ID            string         `json:"id"`
	GroupID       string         `json:"groupId"`
	Profile       map[string]any `json:"profile"`
	GroupIDs      []string       `json:"groupIds"`
	Password      string         `json:"password"`
	Activate      *bool          `json:"activate"`
	Search        *string        `json:"search"`
	Filter        *string        `json:"filter"`
	Limit         *int32         `json:"limit"`
}

func main() {
	var client *okta.APIClient
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var req request
		var a args
		if err := errors.Join(json.Unmarshal(in.Bytes(), &req), json.Unmarshal(req.Args, &a)); err != nil {
			panic(err)
		}
		var value any
		var res *okta.APIResponse
		var err error
		if req.Op == "open" {
			client, err = open(a)
		} else {
			value, res, err = call(client, req.Op, a)
		}
		reply := answer{Value: value}
		if err != nil {
			reply = answer{Error: describe(err, res)}
		}
		if err := out.Encode(reply); err != nil {
			panic(err)
		}
	}
}

func open(a args) (*okta.APIClient, error) {
	cfg, err := okta.NewConfiguration(
		okta.WithOrgUrl(a.OrgURL),
		okta.WithAuthorizationMode("PrivateKey"),
		okta.WithClientId(a.ClientID),
		okta.WithPrivateKey(a.PrivateKeyPem),
		okta.WithPrivateKeyId(a.KeyID),
		okta.WithScopes(a.Scopes),
		okta.WithTestingDisableHttpsCheck(true),
		// Its cache is keyed by address alone: a read after a lifecycle call would be answered from it.
		okta.WithCache(false),
		okta.WithRateLimitMaxRetries(a.MaxRetries),
		okta.WithRateLimitMaxBackOff(30),
	)
	if err != nil {
		return nil, err
	}
	// The SDK leaves the port out of the host that it calls.
	origin, err := url.Parse(a.OrgURL)
	if err != nil {
		return nil, err
	}
	cfg.Host = origin.Host
	return okta.NewAPIClient(cfg), nil
}

func call(client *okta.APIClient, op string, a args) (any, *okta.APIResponse, error) {
	ctx := client.GetConfig().Context
	users, groups := client.UserAPI, client.GroupAPI
	switch op {
	case "createUser":
		return createUser(ctx, users, a)
	case "getUser":
		return result(users.GetUser(ctx, a.ID).Execute())
	case "updateUser":
		profile, err := profileOf(a)
		if err != nil {
			return nil, nil, err
		}
		return result(users.UpdateUser(ctx, a.ID).User(okta.UpdateUserRequest{Profile: profile}).Execute())
	case "listUsers":
		req := users.ListUsers(ctx)
		if a.Search != nil {
			req = req.Search(*a.Search)
		}
		if a.Filter != nil {
			req = req.Filter(*a.Filter)
		}
		if a.Limit != nil {
			req = req.Limit(*a.Limit)
		}
		return allPages(req.Execute())
	case "groupsOfUser":
		return allPages(users.ListUserGroups(ctx, a.ID).Execute())
	case "activate":
		return result(users.ActivateUser(ctx, a.ID).SendEmail(true).Execute())
	case "suspend":
		return nothing(users.SuspendUser(ctx, a.ID).Execute())
	case "unsuspend":
		return nothing(users.UnsuspendUser(ctx, a.ID).Execute())
	case "deactivate":
		return nothing(users.DeactivateUser(ctx, a.ID).Execute())
	case "deleteUser":
		return nothing(users.DeleteUser(ctx, a.ID).Execute())
	case "endSessions":
		return nothing(users.RevokeUserSessions(ctx, a.ID).OauthTokens(true).Execute())
	case "createGroup":
		profile := okta.GroupProfile{}
		name, _ := a.Profile["name"].(string)
		description, _ := a.Profile["description"].(string)
		profile.SetName(name)
		profile.SetDescription(description)
		return result(groups.CreateGroup(ctx).Group(okta.Group{Profile: &profile}).Execute())
	case "listGroups":
		req := groups.ListGroups(ctx)
		if a.Search != nil {
			req = req.Search(*a.Search)
		}
		if a.Limit != nil {
			req = req.Limit(*a.Limit)
		}
		return allPages(req.Execute())
	case "members":
		req := groups.ListGroupUsers(ctx, a.GroupID)
		if a.Limit != nil {
			req = req.Limit(*a.Limit)
		}
		return allPages(req.Execute())
	case "addMember":
		return nothing(groups.AssignUserToGroup(ctx, a.GroupID, a.ID).Execute())
	case "removeMember":
		return nothing(groups.UnassignUserFromGroup(ctx, a.GroupID, a.ID).Execute())
	}
	panic("unknown operation " + op)
}

func createUser(ctx context.Context, users okta.UserAPI, a args) (any, *okta.APIResponse, error) {
	profile, err := profileOf(a)
	if err != nil {
		return nil, nil, err
	}
	body := okta.CreateUserRequest{Profile: *profile, GroupIds: a.GroupIDs}
	if a.Password != "" {
		body.Credentials = &okta.UserCredentials{Password: &okta.PasswordCredential{Value: &a.Password}}
	}
	return result(users.CreateUser(ctx).Body(body).Activate(a.Activate == nil || *a.Activate).Execute())
}

// profileOf reads the attributes into the SDK's own type.
func profileOf(a args) (*okta.UserProfile, error) {
	text, err := json.Marshal(a.Profile)
	if err != nil {
		return nil, err
	}
	profile := &okta.UserProfile{}
	return profile, json.Unmarshal(text, profile)
}

func result[T any](value *T, res *okta.APIResponse, err error) (any, *okta.APIResponse, error) {
	return value, res, err
}

func nothing(res *okta.APIResponse, err error) (any, *okta.APIResponse, error) {
	return nil, res, err
}

// allPages follows the links of a list to its end.
func allPages[T any](items []T, res *okta.APIResponse, err error) (any, *okta.APIResponse, error) {
	for err == nil && res.HasNextPage() {
		var more []T
		res, err = res.Next(&more)
		items = append(items, more...)
	}
	return items, res, err
}

func describe(err error, res *okta.APIResponse) *failure {
	f := &failure{Type: fmt.Sprintf("%T", err), Message: err.Error()}
	if res != nil && res.Response != nil {
		f.Status = res.StatusCode
	}
	var own *okta.GenericOpenAPIError
	if !errors.As(err, &own) {
		return f
	}
	if model, ok := own.Model().(okta.Error); ok {
		if text, err := json.Marshal(model); err == nil {
			f.Body = text
		}
	} else if json.Valid(own.Body()) {
		f.Body = own.Body()
	}
	return f
}
