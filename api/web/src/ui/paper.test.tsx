// @vitest-environment happy-dom
import { signal } from '@preact/signals';
import type { StyleSpecification } from 'maplibre-gl';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from './connection';
import { RECOLOURED, usePaper } from './paper';
import { Sketch } from './sketch';
import { away, happen, problem, Service, stage } from './testing';

const show = stage();

function Dark() {
  usePaper('dark');
  return null;
}

it('is light while the page is printed, and says so when the colours are there', async () => {
  document.documentElement.dataset['theme'] = 'dark';
  const told: (string | undefined)[] = [];
  window.addEventListener(RECOLOURED, () => told.push(document.documentElement.dataset['theme']));
  await act(() => render(<Dark />, document.body));
  window.dispatchEvent(new Event('beforeprint'));
  window.dispatchEvent(new Event('afterprint'));
  expect(told).toEqual(['light', 'dark']);
});

describe('the sketch before the map', () => {
  const ring = [[114.3, 30.55], [114.32, 30.55], [114.32, 30.57], [114.3, 30.55]];
  const communities = { features: [{ type: 'Feature', properties: { name: '新河社区' }, geometry: { type: 'Polygon', coordinates: [ring] } }] };
  const style = { version: 8, sources: {}, center: [114.31, 30.56], zoom: 14, layers: [{ id: 'background', type: 'background', paint: { 'background-color': '#010203' } }] } as StyleSpecification;

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  /** Draws the sketch; says what was painted on it, and whether the map may come. */
  async function sketch(answers: Record<string, unknown>, options: Parameters<typeof Sketch>[0]['options'] = {}, layers = ['communities']) {
    const painted = vi.fn();
    const drawn: string[] = [];
    const context = new Proxy({ fillStyle: '' } as Record<string, unknown>, {
      get: (of, name: string) => of[name] ?? ((...args: unknown[]) => void drawn.push(name === 'fillRect' ? `fillRect ${String(of['fillStyle'])}` : name === 'fillText' ? `fillText ${String(args[0])}` : name)),
    });
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never);
    vi.spyOn(HTMLCanvasElement.prototype, 'clientWidth', 'get').mockReturnValue(800);
    vi.spyOn(HTMLCanvasElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
    const service = new Service(answers);
    const connection = new Connection(signal('zh'), signal('dark'));
    connection.collections.value = layers.map((id) => ({ id, title: id, count: 1, fields: new Map(), codes: new Map() }));
    const host = show(<Sketch connection={connection} style={style} options={options} painted={painted} />);
    for (let frame = 0; frame < 3; frame++) await happen(async () => void (await vi.advanceTimersByTimeAsync(50)));
    return { canvas: host.querySelector('canvas'), painted, drawn, service };
  }

  it('has the communities with their names, in the colours of the style, and then lets the map come', async () => {
    const { canvas, painted, drawn, service } = await sketch({ '/collections': communities });
    expect([drawn.filter((d) => d.includes(' ')), canvas?.dataset['areas'], painted.mock.calls.length]).toEqual([['fillRect #010203', 'fillText 新河社区'], '1', 1]);
    expect([service.asked(), canvas?.getAttribute('aria-hidden')]).toEqual([['/collections/communities/items?properties=code,name&limit=200'], 'true']);
  });

  it.each([
    ['the communities do not come', { '/collections': away }, {}, undefined], ['the service cannot', { '/collections': problem(503) }, {}, undefined], ['there are none', { '/collections': { features: [] } }, {}, undefined],
    ['they cannot be seen', { '/collections': communities }, {}, ['events']], ['the map does not look straight down', { '/collections': communities }, { pitch: 60 }, undefined],
  ])('does not keep the map waiting when %s', async (_, answers, options, layers) => {
    const { painted, drawn } = await sketch(answers, options, layers);
    expect([drawn, painted.mock.calls.length]).toEqual([[], 1]);
  });
});
