// `npm run docs:pictures`: writes the pictures beside this file.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawPictures } from './pictures.js';

for (const [name, picture] of Object.entries(drawPictures())) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(file, picture);
  console.log(file);
}
