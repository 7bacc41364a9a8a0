// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { ExportDialog, size } from './exportdialog';
import { click, shown, testView, texts } from './testview';

it('says what is taken, and offers nothing when it cannot be checked', async () => {
  const view = testView({ filter: { terms: [{ field: 'level', is: '3' }] }, sort: '-level' });
  const host = await shown(<ExportDialog view={view} matched={162} open closed={() => undefined} />);
  expect(texts(host, '.quiet')).toEqual(['162 条,级别 3']);
  await click(host, '[data-start]');
  expect(view.asked).toEqual(['/export/events.csv?level=3&sortby=-level']);
  expect(texts(host, '[role=alert]')).toEqual(['服务没有说明应有多少条,无法核对,不提供文件']);
  expect(host.querySelector('[data-save]')).toBeNull();
});

it('writes bytes for people', () => {
  expect([size(999), size(1500), size(2_340_000)]).toEqual(['999 B', '1.5 kB', '2.3 MB']);
});
