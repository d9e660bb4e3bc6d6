// /openapi.json, and /docs: Swagger UI from its package, served by us, without inline scripts.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express from 'express';
import { refuseOthers } from './http.js';
import { openApiDocument } from './openapi.js';

const ASSETS = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Tenure API</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

export function docsRouter(publicUrl: string): express.Router {
  const router = express.Router();
  let document: unknown;
  router.get('/openapi.json', (_req, res) => {
    document ??= openApiDocument(publicUrl);
    res.json(document);
  });
  router.get('/docs', (_req, res) => {
    res.type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_req, res) => {
    res.type('text/javascript').send(START);
  });
  for (const file of FILES) {
    router.get(`/docs/${file}`, (_req, res) => {
      res.sendFile(join(ASSETS, file), { maxAge: '1d' });
    });
  }
  for (const path of ['/openapi.json', '/docs']) refuseOthers(router, path, ['GET', 'HEAD']);
  return router;
}
