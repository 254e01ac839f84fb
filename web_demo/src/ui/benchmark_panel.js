/**
 * Benchmark of this device, as a table and as JSON.
 *
 * @import { BenchmarkReport } from '../engine/benchmark_report.js'
 * @import { Backend } from '../engine/device.js'
 * @import { Upscaler } from '../engine/upscaler.js'
 */

import { button, element } from './elements.js';
import { announce } from './messages.js';
import { saveFile } from './saving.js';
import { formatDuration, formatMilliseconds } from './format.js';

const status = element('benchmark-status', HTMLElement);

/**
 * @param {Upscaler} upscaler Prepared.
 * @param {Backend[]} backends
 * @param {AbortSignal} signal
 */
export async function measure(upscaler, backends, signal) {
  const report = await upscaler.benchmark({
    backends,
    signal,
    onProgress: ({ done, total, secondsLeft }) => {
      const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left at most`;
      status.textContent = `Run ${done} of ${total}${left}`;
    },
  });
  showReport(report);
}

/** @type {(measuring: boolean) => void} The button that starts it stops it too. */
export function showMeasuring(measuring) {
  button('benchmark').textContent = measuring ? 'Stop' : 'Measure';
  status.textContent = measuring ? 'Starting…' : '';
}

/** @type {(text: string) => void} For screen readers too, unlike the progress. */
function showStatus(text) {
  status.textContent = text;
  announce(text);
}

/** @type {(report: BenchmarkReport) => void} */
function showReport(report) {
  const rows = report.files.map((file) => {
    const row = document.createElement('tr');
    const name = document.createElement('th');
    name.scope = 'row';
    name.textContent = file.engine;
    row.append(name);
    const start = file.cold.load_ms + file.cold.first_run_ms;
    const times = [file.warm.median_ms, file.warm.p95_ms, start].map(formatMilliseconds);
    for (const text of [...times, `${file.psnr_db.toFixed(1)} dB`]) {
      row.insertCell().textContent = text;
    }
    return row;
  });
  element('benchmark-rows', HTMLElement).replaceChildren(...rows);
  element('benchmark-device', HTMLElement).textContent = describe(report);
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
  const [copy, save] = [button('benchmark-copy'), button('benchmark-save')];
  copy.hidden = save.hidden = false;
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(json);
      showStatus('Copied.');
    } catch {
      showStatus('This browser does not let the page copy. Use Download JSON instead.');
    }
  };
  save.onclick = () =>
    saveFile(new Blob([json], { type: 'application/json' }), 'scnet-benchmark.json');
}
