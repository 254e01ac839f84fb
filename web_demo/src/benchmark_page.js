/**
 * The page that measures this device: a table, and a report for `scnet benchmark --read`.
 *
 * @import { BenchmarkReport } from '../../mobile_runtime/javascript/benchmark.js'
 */

import { watchLoading } from '../../mobile_runtime/javascript/index.js';
import { isStopped } from './ui/activity.js';
import { button, chosen, element, make } from './ui/elements.js';
import { formatDuration, formatMilliseconds } from './ui/format.js';
import { Models } from './ui/models.js';
import { startOffline } from './ui/offline.js';
import { saveFile } from './ui/save_file.js';
import { offer, rememberChoice } from './ui/settings.js';

const status = element('status', HTMLElement);
const measure = button('measure');
const stop = button('stop');

/** @type {(text: string) => void} For screen readers too, unlike the progress. */
function say(text) {
  status.textContent = element('announcement', HTMLElement).textContent = text;
}

/** @type {(upscaler: Models) => Promise<void>} */
async function run(upscaler) {
  const controller = new AbortController();
  const { signal } = controller;
  stop.onclick = () => controller.abort();
  measure.disabled = true;
  stop.hidden = false;
  say('Starting…');
  try {
    await upscaler.prepare({ scale: Number(chosen('scales')), backend: 'wasm', signal });
    const report = await upscaler.benchmark({
      signal,
      onProgress: ({ done, total, secondsLeft }) => {
        const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left at most`;
        status.textContent = `Run ${done} of ${total}${left}`;
      },
    });
    showReport(report);
    say('Measured.');
  } catch (error) {
    say(isStopped(error) ? 'Stopped.' : `${Object(error).message ?? error}`);
  } finally {
    measure.disabled = false;
    stop.hidden = true;
  }
}

/** @type {(report: BenchmarkReport) => void} */
function showReport(report) {
  const rows = report.files.map((file) => {
    const start = file.cold.load_ms + file.cold.first_run_ms;
    const times = [file.warm.median_ms, file.warm.p95_ms, start].map(formatMilliseconds);
    const cells = [...times, `${file.psnr_db.toFixed(1)} dB`].map((text) => make('td', {}, text));
    return make('tr', {}, make('th', { scope: 'row' }, file.engine), ...cells);
  });
  element('rows', HTMLElement).replaceChildren(...rows);
  element('device', HTMLElement).textContent = describe(report);
  connectJson(report);
}

/** @type {(report: BenchmarkReport) => string} */
function describe(report) {
  const [first] = report.files;
  if (!first) return '';
  const { height, width, file, warm } = first;
  const runs = `${warm.samples_ms.length} timed, in turns, after ${report.warmup_runs} to warm up`;
  return (
    `${file} on ${width}×${height} pixels. Runs: ${runs}. ` +
    `Parity: PSNR to PyTorch. ${report.device}.`
  );
}

/** @type {(report: BenchmarkReport) => void} */
function connectJson(report) {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  const [copy, download] = [button('copy'), button('download')];
  copy.hidden = download.hidden = false;
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(json);
      say('Copied.');
    } catch {
      say('This browser does not let the page copy. Use Download JSON instead.');
    }
  };
  download.onclick = () =>
    saveFile(new Blob([json], { type: 'application/json' }), 'scnet-benchmark.json');
}

element('not-started', HTMLElement).remove();
rememberChoice('scales');
watchLoading(({ loadedMb, totalMb }) => {
  if (measure.disabled) status.textContent = `Loading the engine: ${Math.round(loadedMb)} of ${Math.round(totalMb)} MB`;
});
void startOffline({ mayReload: () => !measure.disabled });
try {
  const upscaler = await Models.open({ onNotice: say });
  offer('scales', [...new Set(upscaler.models.map(({ scale }) => `${scale}`))].toReversed());
  measure.onclick = () => void run(upscaler);
} catch (error) {
  say(`${Object(error).message ?? error}`);
}
