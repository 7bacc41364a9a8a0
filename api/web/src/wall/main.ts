// The page /ui/wall.

import { openTokenStore } from '../service/client';
import { formatFragment, parseFragment } from './state';
import { Wall } from './wall';

/** What tests may ask of the wall. */
interface WallProbe {
  /** Resolves when the first picture is complete. */
  readonly ready: Promise<void>;
  /** How many different features of a layer the map shows; a cluster counts as its points. */
  featureCount(layer: string): number;
  /** The highest change number that the wall has heard of. */
  seq(): number;
}

declare global {
  interface Window {
    shapanWall?: WallProbe;
  }
}

const tokens = openTokenStore();
const { state, token } = parseFragment(location.hash);
if (token !== undefined) {
  tokens.set(token);
  history.replaceState(null, '', location.pathname + location.search + formatFragment(state));
}
const root = document.getElementById('wall');
const ground = document.getElementById('map');
if (root && ground) {
  const wall = new Wall(root, ground, tokens, state);
  window.shapanWall = { ready: wall.ready, featureCount: (layer) => wall.featureCount(layer), seq: () => wall.stream.seq };
  wall.start();
}
