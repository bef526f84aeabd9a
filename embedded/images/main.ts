/** Makes the images from the command line: `tsx embedded/images/main.ts` prints each name and archive. */
import { ensureImages } from './ensure-images.js';

const images = await ensureImages({
  onProgress: ({ image, step }) => {
    console.error(`${image}: ${step}`);
  },
});
for (const { name, archive, source, cached } of images) {
  console.log(`${name}\t${source}${cached ? ', cached' : ''}\t${archive}`);
}
