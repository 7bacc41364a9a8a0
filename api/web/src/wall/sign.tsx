// A sign of the map as a picture beside a text.

import { useLayoutEffect, useRef } from 'preact/hooks';
import { drawSign, parseSign, SIGN_SIZE } from '../map/shapes';

/** The picture of a shape in a colour; it says nothing to those who do not see it, the text beside it does. */
export function Sign({ shape, color }: { shape: string; color: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const sign = parseSign(`shapan:${shape}:${color}`) ?? { shape: 'square' as const, color };
    context.clearRect(0, 0, SIGN_SIZE * 3, SIGN_SIZE * 3);
    drawSign(context, sign.shape, sign.color, SIGN_SIZE * 3);
  }, [shape, color]);
  return <canvas ref={canvas} class="sign" width={SIGN_SIZE * 3} height={SIGN_SIZE * 3} aria-hidden="true" />;
}
