// The business side that our back offices share, and the line to the test that runs them.
//
// argv[2] is JSON: { port, log, state, tags, heartbeat, onBoot: [[action, payload], …], crashAt: { n: how, … } }.
// Every request is appended to `log` before it is answered; `state` keeps transaction numbers over a restart;
// with the n-th request that names its transaction, n in `crashAt`, the process is gone: before the request is logged (how is
// "unheard"), before it is answered ("unanswered"), or soon after ("answered").
// Each line on stdin is { n, action, payload }: asked of the charge point; stdout says { n, result } or
// { n, error: [code, description] }.
import fs from 'node:fs';
import readline from 'node:readline';

export const options = { tags: {}, heartbeat: 3600, onBoot: [], crashAt: {}, ...JSON.parse(process.argv[2]) };
const state = fs.existsSync(options.state)
  ? JSON.parse(fs.readFileSync(options.state, 'utf8'))
  : { heard: 0, transactions: {} };
let charger = null; // how the charge point that dialled in last is asked: (action, payload) => promise

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const now = () => new Date().toISOString();
const info = (tag) => ({ idTagInfo: { status: options.tags[tag] ?? 'Accepted' } });

// A StartTransaction that comes again, as its reply was lost, keeps its number.
function number({ connectorId, idTag, timestamp, meterStart }) {
  const key = [connectorId, idTag, timestamp, meterStart].join('|');
  state.transactions[key] ??= Object.keys(state.transactions).length + 1;
  return state.transactions[key];
}

const answers = {
  BootNotification: () => ({ status: 'Accepted', interval: options.heartbeat, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: ({ idTag }) => info(idTag),
  StartTransaction: (request) => ({ transactionId: number(request), ...info(request.idTag) }),
  StopTransaction: ({ idTag }) => (idTag ? info(idTag) : {}),
  MeterValues: () => ({}),
  StatusNotification: () => ({}),
  DiagnosticsStatusNotification: () => ({}),
  FirmwareStatusNotification: () => ({}),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),
};
export const actions = Object.keys(answers);

export function answer(action, payload) {
  const crash = payload.transactionId === undefined ? undefined : options.crashAt[++state.heard];
  if (crash === 'unheard') die();
  if (options.log) fs.appendFileSync(options.log, JSON.stringify({ action, payload }) + '\n');
  const reply = answers[action](payload);
  if (action === 'StartTransaction') keep();
  if (crash === 'unanswered') die();
  if (crash === 'answered') setTimeout(die, 5);
  if (action === 'BootNotification') setImmediate(booted);
  return reply;
}

const keep = () => fs.writeFileSync(options.state, JSON.stringify(state));

function die() {
  keep();
  process.kill(process.pid, 'SIGKILL');
}

async function booted() {
  for (const [action, payload] of options.onBoot) await charger(action, payload).catch(() => {});
}

export function connected(call) {
  charger = call;
}

export function ready() {
  say({ ready: options.port });
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('close', () => process.exit(0)); // the test is gone
  lines.on('line', async (line) => {
    const { n, action, payload } = JSON.parse(line);
    try {
      say({ n, result: await charger(action, payload) });
    } catch (error) {
      say({ n, error: [error.rpcErrorCode ?? error.code ?? error.name, error.message] });
    }
  });
}
