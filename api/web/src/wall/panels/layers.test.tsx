// @vitest-environment happy-dom
// What is on the map, what its signs mean, and what those see who may see no events.
import { afterEach, describe, expect, it } from 'vitest';
import type { StyleSpecification } from 'maplibre-gl';
import { stage } from '../../ui/testing';
import { paintedRates } from '../draw/areas';
import { asked, click, PUBLIC, styled, texts, until, wallOf } from '../testing';
import type { Wall } from '../wall';
import { CommunityList } from './communities';
import { LayerList } from './layers';
import { Legend } from './legend';
import { Profile } from './profile';

const show = stage();

describe('LayerList', () => {
  const layered = (): Wall => {
    const wall = wallOf();
    styled(wall, 'grids', 'events', 'heat', 'roads');
    return wall;
  };
  const on = (host: HTMLElement): (string | null)[] => [...host.querySelectorAll('[role=switch][aria-checked=true]')].map((e) => e.getAttribute('data-layer'));

  it('has the layers of the catalogue that are drawn, with their numbers, and the heat', () => {
    const wall = layered();
    wall.connection.collections.value = wall.connection.collections.value.map((card) => ({ ...card, title: `层 ${card.id}`, count: 12345 }));
    expect(texts(show(<LayerList wall={wall} />), '.layer')).toEqual(['层 events12,345', '层 grids12,345', 'heat!']);
  });

  it('hides a layer and shows it again, and the address says which are shown', async () => {
    const wall = layered();
    const host = show(<LayerList wall={wall} />);
    expect(on(host)).toEqual(['events', 'grids', 'heat']);
    click(host, '[data-layer=grids]');
    await until(() => expect(on(host)).toEqual(['events', 'heat']));
    expect(location.hash).toBe('#layers=events');
    click(host, '[data-layer=grids]');
    await until(() => expect(on(host)).toEqual(['events', 'grids', 'heat']));
  });

  it('paints one thing at a time: the heat, or areas', async () => {
    const wall = layered();
    const host = show(<LayerList wall={wall} />);
    click(host, '[data-mode=towers]');
    await until(() => expect(on(host)).toEqual(['events', 'grids']));
    click(host, '[data-layer=heat]');
    await until(() => expect(on(host)).toEqual(['events', 'grids', 'heat']));
    expect(wall.address.state.value.mode).toBeUndefined();
  });

  it('has one way of painting chosen, plain at first', async () => {
    const wall = layered();
    wall.switchLang();
    const host = show(<LayerList wall={wall} />);
    expect(texts(host, '[role=radio]')).toEqual(['Plain', 'Rate: reports per 1,000 households', 'Towers: reports by grid', 'Hexagons of 250 m']);
    expect(texts(host, '[aria-checked=true][role=radio]')).toEqual(['Plain']);
    click(host, '[data-mode=hexagons]');
    await until(() => expect(texts(host, '[aria-checked=true][role=radio]')).toEqual(['Hexagons of 250 m']));
    click(host, '[data-mode=plain]');
    expect(location.hash).toBe('#lang=en');
  });

  it('offers no painting by events to those who may not see them', () => {
    const wall = wallOf({}, PUBLIC);
    styled(wall, 'grids');
    const host = show(<LayerList wall={wall} />);
    expect(texts(host, '.layer, .modes')).toEqual(['grids1']);
  });
});

describe('Legend', () => {
  afterEach(() => (paintedRates.value = undefined));
  const heads = (host: HTMLElement) => texts(host, '.legend-group > b');

  it('explains what is shown, and nothing else', async () => {
    const wall = wallOf({}, ['events', 'facilities', ...PUBLIC]);
    styled(wall, 'facilities', 'zones', 'events', 'communities');
    const host = show(<Legend wall={wall} />);
    expect(heads(host)).toEqual(['events!', 'facilities!', 'zones!']);
    wall.toggle('facilities');
    await until(() => expect(heads(host)).toEqual(['events!', 'zones!']));
    expect(texts(host, '.entry')).toEqual(['a sign of events', 'a sign of zones']);
  });

  it('tells those on duty apart by whether they can be sent, as the wall draws them', () => {
    const wall = wallOf({}, ['responders']);
    styled(wall, 'responders');
    wall.switchLang();
    expect(texts(show(<Legend wall={wall} />), '.entry')).toEqual(['free', 'busy', 'not located']);
  });

  it('explains the heat by its ends', () => {
    const wall = wallOf();
    const entry = (label: string, color: string) => ({ label, color, shape: 'square' });
    const metadata = { 'shapan:layer': 'heat', 'shapan:title': '热度', 'shapan:legend': [entry('少', '#000001'), entry('中', '#000002'), entry('多', '#000003')] };
    wall.connection.style.value = { version: 8, sources: {}, layers: [{ id: 'heat', type: 'background', metadata }] } as StyleSpecification;
    const host = show(<Legend wall={wall} />);
    expect(texts(host, '.legend-group > *')).toEqual(['热度', '少', '', '多']);
    expect(host.querySelectorAll('.ramp i')).toHaveLength(3);
  });

  it('has the classes of the rates while they are painted, and how small numbers are marked', async () => {
    const host = show(<Legend wall={wallOf()} />);
    expect(heads(host)).toEqual([]);
    paintedRates.value = [2, 4, 6, 8];
    await until(() => expect(texts(host, '.entry')).toEqual(['< 2', '2–4', '4–6', '6–8', '≥ 8', '小样本']));
    paintedRates.value = [];
    await until(() => expect(heads(host)).toEqual([]));
  });

  it('always says that the limits are a sketch', async () => {
    const wall = wallOf();
    const host = show(<Legend wall={wall} />);
    expect(texts(host, '.disclaimer')).toEqual(['网格、社区界线为示意,不作为权属和划界依据']);
    wall.switchLang();
    await until(() => expect(texts(host, '.disclaimer')).toEqual(['Grid and community limits are a sketch, no legal boundary']));
  });

  it('says whose streets and whose basemap these are, without the markup of a licence', async () => {
    const wall = wallOf({ '/analytics/groups/streets': { groups: [{ key: ['surveyed'], count: 1 }, { key: ['OpenStreetMap, ODbL'], count: 2 }] } }, ['streets']);
    wall.switchLang();
    wall.connection.style.value = { version: 8, layers: [], sources: { base: { type: 'raster', attribution: '<a href="https://tianditu.example">天地图</a>' } } } as StyleSpecification;
    const host = show(<Legend wall={wall} />);
    await until(() => expect(texts(host, '.disclaimer')).toEqual(['Grid and community limits are a sketch, no legal boundary · Streets © OpenStreetMap contributors (ODbL) · Basemap 天地图']));
  });

  it('names OpenStreetMap only where it is from there', async () => {
    const wall = wallOf({ '/analytics/groups/streets': { groups: [{ key: ['surveyed'], count: 1 }] } }, ['streets']);
    await until(() => expect(wall.facts.streets.value.value).toHaveLength(1));
    expect(show(<Legend wall={wall} />).textContent).not.toContain('OpenStreetMap');
  });
});

describe('to those who may see no events', () => {
  const feature = (properties: object) => ({ type: 'Feature', id: 1, geometry: null, properties });
  const answers = {
    '/collections/subdistricts/items': { features: [feature({ code: '420106001', name: '积玉桥街道', residents: 54321, households: 23456 })] },
    '/collections/communities/items': { features: [feature({ code: '420106001009', name: '新河社区', subdistrict: '420106001', residents: 4000, households: 1800, grids: 9 }), feature({ code: '420106001005', name: '四清里社区', subdistrict: '420106001', residents: 3000, households: 1200, grids: 7 })] },
  };
  const publicWall = (): Wall => {
    const wall = wallOf(answers, PUBLIC);
    wall.connection.collections.value = wall.connection.collections.value.map((card) => ({ ...card, count: card.id === 'grids' ? 119 : 12 }));
    return wall;
  };

  it('the subdistrict is told in four numbers', async () => {
    const host = show(<Profile wall={publicWall()} />);
    await until(() => expect(texts(host, '.profile-cells > div')).toEqual(['12社区', '119网格', '23,456户数', '54,321户籍人口']));
  });

  it('an area is told by its own numbers, and those that it has none of are left out', async () => {
    const wall = publicWall();
    wall.visit('420106001005');
    wall.switchLang();
    const host = show(<Profile wall={wall} />);
    await until(() => expect(texts(host, '.profile-cells > div')).toEqual(['1grids', '1,200households', '3,000residents']));
  });

  it('what is not known is left out', () => {
    const host = show(<Profile wall={wallOf({}, [])} />);
    expect(texts(host, '.profile-cells > div')).toEqual([]);
  });

  it('the communities are listed in order of code with their size, and how to see more', async () => {
    const wall = publicWall();
    wall.switchLang();
    const host = show(<CommunityList wall={wall} />);
    await until(() => expect(texts(host, '.community')).toEqual(['四清里社区3,000 people7 grids1,200 households', '新河社区4,000 people9 grids1,800 households']));
    expect(texts(host, '.note')).toEqual(['Events and staff need a token']);
  });

  it('a community is one step down', async () => {
    const wall = publicWall();
    const host = show(<CommunityList wall={wall} />);
    await until(() => click(host, 'li:last-child button'));
    expect(wall.address.state.value.scope).toBe('420106001009');
  });

  it('nothing is asked that only others may know', async () => {
    const wall = publicWall();
    await until(() => expect(wall.facts.areas.value.root).toBeDefined());
    wall.address.change({ scope: '420106001005', level: 3, incident: 7, mode: 'rate' });
    expect(asked.filter((path) => !PUBLIC.some((layer) => path.startsWith(`/collections/${layer}/items`)))).toEqual([]);
  });
});
