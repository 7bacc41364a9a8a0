// What the parts of the desk ask of the service besides the model: search, and all that a new event needs.

import { readItem, readPage, valueText } from '../service/data';
import { fields, maybe, number } from '../service/loose';
import type { Client } from '../service/client';
import type { Lang } from '../words/format';
import { EVENT_FIELDS, readEvent, type DeskEvent } from './events';
import { readFound, type Found } from './found';
import { readPlaceCard, type PlaceCard } from './place';
import type { Place } from './state';

const FOUND_LIMIT = 10;
const SIMILAR_M = 100;
const SIMILAR_LIMIT = 5;

/** Searches; of equally good ones those near `near` come first. */
export async function search(client: Client, text: string, near: Place | undefined, lang: Lang, signal: AbortSignal): Promise<{ readonly found: readonly Found[]; readonly total: number }> {
  const words = new URLSearchParams({ q: text, limit: String(FOUND_LIMIT), lang, ...(near ? { lon: near[0].toFixed(5), lat: near[1].toFixed(5) } : {}) });
  return readFound(await client.json(`/search?${words}`, { signal }));
}

/** Asks whose grid a place is in. */
export async function locate(client: Client, [lon, lat]: Place, lang: Lang): Promise<PlaceCard> {
  return readPlaceCard(await client.json(`/locate?lon=${lon}&lat=${lat}&lang=${lang}`));
}

/** The domain that the newest event of a category has: the schema does not say which belongs to which. */
export async function domainOf(client: Client, category: string): Promise<string | undefined> {
  const page = readPage(await client.json(`/collections/events/items?category=${encodeURIComponent(category)}&sortby=-reported_at&limit=1&properties=domain`));
  return page.items[0] && (valueText(page.items[0], 'domain') || undefined);
}

/** Open events of a domain within 100 m, the nearest first. */
export async function similar(client: Client, [lon, lat]: Place, domain: string): Promise<readonly (DeskEvent & { readonly metres: number })[]> {
  const open = 'closed_at=null()&cancelled_at=null()';
  const body = fields(await client.json(`/nearest/events?lon=${lon}&lat=${lat}&radius=${SIMILAR_M}&k=${SIMILAR_LIMIT}&domain=${encodeURIComponent(domain)}&${open}&properties=${EVENT_FIELDS}`));
  return (Array.isArray(body['features']) ? body['features'] : []).flatMap((f: unknown) => {
    const item = readItem(f);
    return item ? [{ ...readEvent(item), metres: number(fields(f)['distance']) }] : [];
  });
}

/** Writes an event and answers with its id. Sent again under the same key, it is written once. */
export async function report(client: Client, feature: unknown, key: string): Promise<number> {
  const made = fields(await client.send('POST', '/collections/events/items', feature, { 'Content-Type': 'application/geo+json', 'Idempotency-Key': key }));
  const id = maybe(made['id']);
  if (id === undefined) throw new TypeError('the service did not say which event was made');
  return id;
}
