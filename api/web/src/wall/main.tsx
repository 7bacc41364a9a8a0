// The page /ui/wall.

import { render } from 'preact';
import { Page } from './page';
import { Wall } from './wall';

/** What tests may ask of the wall. */
interface WallProbe {
  /** Resolves when the first picture is complete. */
  readonly ready: Promise<void>;
  /** How many different features of a layer the map shows; a cluster counts as its points. */
  featureCount(layer: string): number;
  /** Whether the map draws features of one of its layers in view. */
  drawn(layer: string): boolean;
  /** The highest change number that the wall has heard of. */
  seq(): number;
  /** How many events of the past the map holds. */
  played(): number;
  /** How much the map holds: sources, layers, images. */
  census(): Readonly<Record<string, number>>;
}

declare global {
  interface Window {
    shapanWall?: WallProbe;
  }
}

const root = document.getElementById('page');
if (root) {
  const wall = new Wall();
  let setReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (setReady = resolve));
  window.shapanWall = {
    ready,
    featureCount: (layer) => wall.map.peek()?.live.featureCount(layer) ?? 0,
    drawn: (layer) => wall.map.peek()?.live.draws(layer) ?? false,
    seq: () => wall.connection.seq,
    played: () => wall.drives.played,
    census: () => wall.map.peek()?.live.census ?? {},
  };
  render(<Page wall={wall} ready={setReady} />, root);
  wall.start();
}
