// The signs of the map and its legends, drawn on a canvas: no sprite is fetched, and one place decides how a shape looks.

/** The shapes that a style can name as `shapan:SHAPE:#rrggbb`. */
export const SHAPES = [
  'circle', 'square', 'triangle', 'star', 'diamond', 'hexagon', 'cross', 'ring', 'dot', 'line', 'person', 'person-off', 'screen', 'screen-off',
] as const;

/** One of the shapes. */
export type Shape = (typeof SHAPES)[number];

/** The side of a sign in CSS pixels at icon-size 1. */
export const SIGN_SIZE = 36;

const INK = '#04101e';

/** Reads the name of an image; undefined when it is not one of ours. */
export function parseSign(name: string): { shape: Shape; color: string } | undefined {
  const match = /^shapan:([a-z-]+):(#[0-9a-fA-F]{6})$/.exec(name);
  const shape = SHAPES.find((s) => s === match?.[1]);
  return shape && match?.[2] ? { shape, color: match[2].toLowerCase() } : undefined;
}

/** Draws a sign into a square of `side` device pixels. */
export function drawSign(context: CanvasRenderingContext2D, shape: Shape, color: string, side: number): void {
  const u = side / 36;
  context.save();
  context.scale(u, u);
  context.translate(18, 18);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  if (shape === 'line') strokeLine(context, color);
  else if (shape === 'ring') ring(context, color);
  else if (shape === 'dot') filled(context, color, (c) => c.arc(0, 0, 5, 0, 7), 1.5);
  else if (shape === 'person' || shape === 'person-off') person(context, color, shape === 'person');
  else if (shape === 'screen' || shape === 'screen-off') screen(context, color, shape === 'screen');
  else filled(context, color, outline(shape), 3);
  context.restore();
}

function strokeLine(c: CanvasRenderingContext2D, color: string): void {
  c.strokeStyle = color;
  c.lineWidth = 4;
  c.beginPath();
  c.moveTo(-15, 0);
  c.lineTo(15, 0);
  c.stroke();
}

function ring(c: CanvasRenderingContext2D, color: string): void {
  c.beginPath();
  c.arc(0, 0, 12, 0, 7);
  c.fillStyle = 'rgba(11, 42, 69, 0.85)';
  c.fill();
  c.strokeStyle = color;
  c.lineWidth = 3;
  c.stroke();
}

/** Fills a path with a dark rim, so that it stands off from any ground, and a light line inside it. */
function filled(c: CanvasRenderingContext2D, color: string, path: (c: CanvasRenderingContext2D) => void, rim: number): void {
  c.beginPath();
  path(c);
  c.closePath();
  c.strokeStyle = INK;
  c.lineWidth = rim * 2;
  c.stroke();
  c.fillStyle = color;
  c.fill();
  c.strokeStyle = 'rgba(255, 255, 255, 0.75)';
  c.lineWidth = 1.2;
  c.stroke();
}

function outline(shape: Shape): (c: CanvasRenderingContext2D) => void {
  const polygon = (n: number, r: number, turn: number, inner?: number) => (c: CanvasRenderingContext2D): void => {
    const steps = inner ? n * 2 : n;
    for (let i = 0; i < steps; i++) {
      const a = turn + (i * 2 * Math.PI) / steps;
      const radius = inner && i % 2 === 1 ? inner : r;
      c.lineTo(Math.cos(a) * radius, Math.sin(a) * radius);
    }
  };
  switch (shape) {
    case 'square':
      return (c) => c.rect(-9.5, -9.5, 19, 19);
    case 'diamond':
      return polygon(4, 13, 0);
    case 'triangle':
      return (c) => [[0, -13], [13, 10], [-13, 10]].forEach(([x, y]) => c.lineTo(x ?? 0, y ?? 0));
    case 'star':
      return polygon(8, 15, Math.PI / 8, 9.5);
    case 'hexagon':
      return polygon(6, 12, Math.PI / 6);
    case 'cross':
      return (c) => {
        const [a, b] = [4, 12];
        [[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a]].forEach(([x, y]) => c.lineTo(x ?? 0, y ?? 0));
      };
    default:
      return (c) => c.arc(0, 0, 10.5, 0, 7);
  }
}

function person(c: CanvasRenderingContext2D, color: string, on: boolean): void {
  const body = (k: CanvasRenderingContext2D): void => {
    k.moveTo(-10, 12);
    k.quadraticCurveTo(-10, -1, 0, -1);
    k.quadraticCurveTo(10, -1, 10, 12);
  };
  const head = (k: CanvasRenderingContext2D): void => k.arc(0, -7.5, 5.5, 0, 7);
  for (const path of [body, head]) {
    if (on) {
      filled(c, color, path, 2.2);
      continue;
    }
    c.beginPath();
    path(c);
    c.closePath();
    c.fillStyle = INK;
    c.fill();
    c.strokeStyle = color;
    c.lineWidth = 2.4;
    c.stroke();
  }
}

function screen(c: CanvasRenderingContext2D, color: string, on: boolean): void {
  if (on) filled(c, color, (k) => k.rect(-11, -9, 22, 15), 2);
  c.strokeStyle = color;
  c.lineWidth = 2.4;
  c.strokeRect(-11, -9, 22, 15);
  c.beginPath();
  c.moveTo(-6, 12);
  c.lineTo(6, 12);
  if (!on) {
    c.moveTo(-5, -5);
    c.lineTo(5, 2);
  }
  c.stroke();
}

/** Draws a sign as the pixels that map.addImage takes, twice as fine as the screen. */
export function signPixels(shape: Shape, color: string): ImageData | undefined {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIGN_SIZE * 2;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return undefined;
  drawSign(context, shape, color, canvas.width);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
