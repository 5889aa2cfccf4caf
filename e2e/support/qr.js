import jsQR from 'jsqr';
import { PNG } from 'pngjs';

/** What a phone reads from the picture of a two-dimensional code (PNG). */
export function scanned(bytes) {
  const picture = PNG.sync.read(bytes);
  const found = jsQR(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  if (!found) throw new Error('there is no code in the picture');
  return found.data;
}
