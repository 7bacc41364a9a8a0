import { describe, expect, test } from 'vitest';
import { isSoftware } from './drawing';

describe('who draws', () => {
  test.each([
    'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)',
    'llvmpipe (LLVM 15.0.6, 256 bits)',
    'ANGLE (Microsoft, Microsoft Basic Render Driver (0x0000008C) Direct3D11 vs_5_0 ps_5_0, D3D11)',
  ])('a processor: %s', (renderer) => expect(isSoftware(renderer)).toBe(true));

  test.each(['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)', 'Mesa Intel(R) UHD Graphics 630 (CFL GT2)', 'Apple M2'])('a card: %s', (renderer) => expect(isSoftware(renderer)).toBe(false));
});
