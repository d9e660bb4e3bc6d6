// Writes the OpenAPI description to a file, or to standard output: npx tsx scripts/export-openapi.ts [FILE]
import { writeFile } from 'node:fs/promises';
import { openApiDocument } from '../src/api/openapi.js';

const text = `${JSON.stringify(openApiDocument('http://127.0.0.1:8080'), null, 2)}\n`;
const file = process.argv[2];
if (file === undefined) process.stdout.write(text);
else await writeFile(file, text);
