// Making elements without markup in strings: nothing from the data can become markup.

type Child = Node | string | undefined | false;

/** What an element may be given: its class, its text, attributes and listeners. */
export interface Props {
  readonly class?: string;
  readonly title?: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly onclick?: () => void;
}

/** Makes an element with children; strings become text, undefined and false nothing. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (props.class) node.className = props.class;
  if (props.title) node.title = props.title;
  for (const [name, value] of Object.entries(props.attrs ?? {})) node.setAttribute(name, value);
  const { onclick } = props;
  if (onclick) node.addEventListener('click', () => onclick());
  for (const child of children) if (child !== undefined && child !== false) node.append(child);
  return node;
}

/** Sets an element's text, leaving it alone when it is the same: no repaint, and a selection stays. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
