// An echo server of websocket-driver for Node.js: driver.js PORT. The text "close" makes it close.
const driver = require('websocket-driver');
const server = require('http').createServer();
server.on('upgrade', (request, socket, head) => {
  const websocket = driver.http(request, { protocols: ['chat'] });
  websocket.io.write(head);
  socket.on('error', () => {});
  socket.pipe(websocket.io).pipe(socket);
  websocket.messages.on('data', message => (message === 'close' ? websocket.close() : websocket.messages.write(message)));
  websocket.start();
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
