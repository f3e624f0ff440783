/** A built-in image, RGB, `height × width × 3` bytes: slopes, edges and a little noise, the same on every machine. */
export function probeFrame(width: number, height: number): Uint8Array {
  const random = randomNumbers(7);
  const frame = new Uint8Array(height * width * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const square = (Math.floor(8 * x / width) + Math.floor(6 * y / height)) % 2;
      const noise = 24 * random();
      frame[at++] = 200 * x / width + noise;
      frame[at++] = 60 + 140 * square + noise;
      frame[at++] = 200 * y / height + noise;
    }
  }
  return frame;
}

/** Built-in audio at 16 kHz: gliding tones that fade in and out over faint noise, −1..1. */
export function probeWaveform(samples: number): Float32Array {
  const random = randomNumbers(11);
  const wave = new Float32Array(samples);
  for (let i = 0; i < samples; i++) {
    const t = i / 16000;
    const tone = Math.sin(2 * Math.PI * (220 + 300 * t) * t) +
      0.5 * Math.sin(2 * Math.PI * 1730 * t);
    const level = 0.5 - 0.5 * Math.cos(2 * Math.PI * 2.3 * t);
    wave[i] = 0.15 * level * tone + 0.02 * (random() - 0.5);
  }
  return wave;
}

// Park and Miller's generator: good enough for noise, and the same on every machine.
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}
