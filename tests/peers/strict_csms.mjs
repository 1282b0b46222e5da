// A back office on ocpp-rpc in strict mode: every payload, in and out, is held against its schema.
import { RPCServer } from 'ocpp-rpc';
import { actions, answer, connected, options, ready } from './office.mjs';

const server = new RPCServer({
  protocols: ['ocpp1.6'],
  strictMode: true,
  pingIntervalMs: 2 ** 30, // its pings follow the wall clock
  wssOptions: { perMessageDeflate: false },
});
server.auth((accept, reject, handshake) => {
  if (options.password && handshake.password?.toString('hex') !== options.password) reject(401, 'Unauthorized');
  else accept();
});
server.on('client', (client) => {
  connected((action, payload) => client.call(action, payload));
  for (const action of actions) client.handle(action, ({ params }) => answer(action, params));
});
await server.listen(options.port, '127.0.0.1');
ready();
