// The keys of the desk. While somebody types or a dialog is open, keys mean what they mean there.

import type { DeskWord } from './words';

/** What a key does. */
export type Command = 'up' | 'down' | 'send' | 'undo' | 'new' | 'search' | 'back' | 'help' | `pick${number}`;

/** A key press, as far as it matters. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** What the keys are, as the help lists them. */
export const KEYS: readonly { readonly keys: readonly string[]; readonly word: DeskWord }[] = [
  { keys: ['↑', '↓'], word: 'h_move' },
  { keys: ['Enter'], word: 'h_open' },
  { keys: ['1', '…', '9'], word: 'h_pick' },
  { keys: ['S'], word: 'h_send' },
  { keys: ['U'], word: 'h_undo' },
  { keys: ['N'], word: 'h_new' },
  { keys: ['/'], word: 'h_search' },
  { keys: ['Esc'], word: 'h_back' },
  { keys: ['?'], word: 'h_help' },
];

const COMMANDS: Readonly<Record<string, Command>> = {
  ArrowUp: 'up', ArrowDown: 'down', s: 'send', u: 'undo', n: 'new', '/': 'search', '、': 'search', Escape: 'back', '?': 'help', '？': 'help',
};

/** The command of a key; undefined where it has none. `typing` is where letters are text; there only Escape is a command. */
export function commandOf(press: Press, typing: boolean): Command | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (typing) return press.key === 'Escape' ? 'back' : undefined;
  if (/^[1-9]$/.test(press.key)) return `pick${Number(press.key)}`;
  return COMMANDS[press.key.length === 1 ? press.key.toLowerCase() : press.key];
}

/** Whether letters are text in an element. */
export function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
