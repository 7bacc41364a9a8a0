// The page: the filter at the left, the map, and beside it the table, the charts, the comparison or the KPIs.

import { useState } from 'preact/hooks';
import type { Connection } from '../ui/connection';
import { askItem, askPage, pagePath } from './ask';
import { Charts } from './charts';
import { Chips } from './chips';
import { Compare } from './compare';
import { ExportDialog } from './exportdialog';
import { FilterPanel } from './filterpanel';
import { KpiTab } from './kpitab';
import { MapPane } from './mappane';
import { PAGE_SIZE } from './pager';
import { Share } from './share';
import { shownFields, Table } from './table';
import { Tabs, tabOf } from './tabs';
import { useAnswer } from './use';
import { keyOf, type View } from './view';
import { say } from './words';

/** The page under the masthead. */
export function Page({ view, connection }: { view: View; connection: Connection }) {
  const { lang, state, layer, client } = view;
  const [exporting, setExporting] = useState(false);
  const request = { layer: layer.id, filter: state.filter, columns: shownFields(view).map((f) => f.name), sort: state.sort, after: state.after, limit: PAGE_SIZE };
  const page = useAnswer(`${view.tick} ${pagePath(request)}`, (signal) => askPage(client, request, signal));
  const found = useAnswer(state.id === undefined ? undefined : keyOf(view, 'item', state.id), (signal) => askItem(client, layer.id, state.id ?? 0, signal));
  const style = connection.style.value;
  const tab = tabOf(view);
  return (
    <main class="analysis">
      <FilterPanel view={view} />
      <div class="top">
        <Chips view={view} matched={page.value?.matched} error={page.error} />
        <div class="acts">
          <Share view={view} snapshot={page.value?.seq} />
          <button type="button" class="button primary" data-export onClick={() => setExporting(true)}>
            {say(lang, 'export')}
          </button>
        </div>
      </div>
      {style && layer.geometry !== 'none' ? <MapPane view={view} connection={connection} style={style} found={found} /> : <div class="mappane" />}
      <section class="results">
        <Tabs view={view} />
        <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} class="tabpanel">
          {tab === 'table' && <Table view={view} page={page} />}
          {tab === 'charts' && <Charts view={view} />}
          {tab === 'compare' && <Compare view={view} />}
          {tab === 'kpi' && <KpiTab view={view} />}
        </div>
      </section>
      <ExportDialog view={view} matched={page.value?.matched} open={exporting} closed={() => setExporting(false)} />
    </main>
  );
}
