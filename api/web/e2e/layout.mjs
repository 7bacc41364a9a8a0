// What must hold of the wall's layout at any size, looked at in the page itself.

/** The sizes of walls: one screen, two side by side, 4K, three by two, four by two. */
export const WALLS = [[1920, 1080], [3840, 1080], [3840, 2160], [5760, 2160], [7680, 2160]];

/** Runs in the page: returns what is wrong, in sentences, with the joints of `columns` x `rows` screens. */
export function faults([columns, rows]) {
  const found = [];
  const [width, height] = [window.innerWidth, window.innerHeight];
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length > 0);
  const name = (e) => `${e.tagName.toLowerCase()}.${String(e.className).replaceAll(' ', '.')} "${e.textContent.trim().slice(0, 24)}"`;
  const box = (e) => e.getBoundingClientRect();
  if (document.documentElement.scrollWidth > width || document.documentElement.scrollHeight > height) found.push('the page is larger than the window');
  const blocks = shown('.head, .columns .panel, .legend, .duty-part');
  for (const e of blocks) {
    const b = box(e);
    if (b.left < -1 || b.top < -1 || b.right > width + 1 || b.bottom > height + 1) found.push(`${name(e)} reaches out of the window`);
  }
  blocks.forEach((a, i) => {
    for (const b of blocks.slice(i + 1)) {
      const [p, q] = [box(a), box(b)];
      if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1) found.push(`${name(a)} lies over ${name(b)}`);
    }
  });
  for (const panel of shown('.columns .panel')) {
    for (const e of panel.children) if (box(e).bottom > box(panel).bottom + 1) found.push(`${name(e)} reaches out of ${name(panel)}`);
  }
  const texts = shown('.wall *').filter((e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim() !== '') && !e.closest('.maplibregl-map'));
  const small = texts.filter((e) => parseFloat(getComputedStyle(e).fontSize) < height / 54 - 0.01);
  for (const e of small) found.push(`${name(e)} is smaller than 1/54 of the height`);
  const left = Math.max(0, ...shown('.column-left').map((e) => box(e).right));
  const right = Math.min(width, ...shown('.column-right').map((e) => box(e).left));
  if (right - left < width / 2 - 1) found.push(`the map has ${Math.round((100 * (right - left)) / width)} % of the width`);
  const important = shown('[data-whole], h1, .duty-zone, .legend-group, .panel h2');
  for (const e of important) {
    const b = box(e);
    if (b.left > (e.closest('.columns') ? box(e.closest('.column')).right : width)) continue; // wrapped out of sight
    for (let k = 1; k < columns; k++) if (b.left < (k * width) / columns - 1 && b.right > (k * width) / columns + 1) found.push(`${name(e)} lies across a joint`);
    for (let k = 1; k < rows; k++) if (b.top < (k * height) / rows - 1 && b.bottom > (k * height) / rows + 1) found.push(`${name(e)} lies across a joint`);
  }
  return found;
}
