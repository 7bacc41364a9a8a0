// Who draws here: a graphics card, a processor in its place, or nobody.

/** What this browser draws WebGL 2 with. A processor draws the same picture, a full screen of it in a third of a second. */
export type Drawing = 'card' | 'processor' | 'none';

/** What software renderers call themselves: SwiftShader (Chromium), llvmpipe and softpipe (Mesa), WARP (Windows). */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether a renderer by this name runs on a processor. */
export function isSoftware(renderer: string): boolean {
  return SOFTWARE.test(renderer);
}

/** Looks with what this browser draws. The attribute made for this, failIfMajorPerformanceCaveat, lets SwiftShader pass. */
export function drawing(): Drawing {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return 'none';
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return isSoftware(String(renderer)) ? 'processor' : 'card';
}
