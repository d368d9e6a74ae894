// Arrays that Python's `pack` wrote: little-endian numbers as base64.
// Defines float32, uint16, uint8, bits. Uses nothing.

function uint8(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const float32 = (base64) => new Float32Array(uint8(base64).buffer);
const uint16 = (base64) => new Uint16Array(uint8(base64).buffer);

// `count` bits that `numpy.packbits` packed, each as 0 or 1.
function bits(base64, count) {
  const bytes = uint8(base64);
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}
