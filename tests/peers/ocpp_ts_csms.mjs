// A back office on ocpp-ts, which holds requests against the schemas as first published ("Celcius").
import http from 'node:http';
import ocpp from 'ocpp-ts';
import { actions, answer, connected, options, ready } from './office.mjs';

const listen = http.Server.prototype.listen; // it would listen on every interface
http.Server.prototype.listen = function (port) {
  return listen.call(this, port, '127.0.0.1', ready);
};
console.error = console.info = () => {};

const server = new ocpp.OcppServer();
server.on('connection', (client) => {
  connected((action, payload) => client.callRequest(action, payload));
  client.on('error', () => {});
  for (const action of actions) client.on(action, (request, reply) => reply(answer(action, request)));
});
server.listen(options.port);
