// System.Net.WebSockets of Mono: ClientPeer.exe URI MODE runs the series and prints a line for each case. It has no extensions.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

static class ClientPeer {
    static CancellationToken Soon { get { return new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token; } }

    static Task Send(WebSocket socket, WebSocketMessageType type, byte[] data, bool last = true) {
        return socket.SendAsync(new ArraySegment<byte>(data), type, last, Soon);
    }

    static async Task<byte[]> Next(WebSocket socket, WebSocketMessageType type) {
        var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true) {
            var result = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), Soon);
            if (result.MessageType != type) throw new InvalidOperationException("a message of type " + result.MessageType);
            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage) return message.ToArray();
        }
    }

    static async Task Echo(WebSocket socket, WebSocketMessageType type, byte[] data) {
        await Send(socket, type, data);
        await Expect(socket, type, data);
    }

    static async Task Expect(WebSocket socket, WebSocketMessageType type, byte[] data) {
        if (!(await Next(socket, type)).SequenceEqual(data)) throw new InvalidOperationException("the echo differs");
    }

    static Task EchoText(WebSocket socket, string text) {
        return Echo(socket, WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text));
    }

    static string Times(int count, string part) { return string.Concat(Enumerable.Repeat(part, count)); }

    static async Task Fragments(WebSocket socket) {
        var parts = new[] { Times(100, "part one, "), "", Times(100, "part two, ") }.Select(Encoding.UTF8.GetBytes).ToArray();
        for (var i = 0; i < parts.Length; i++) await Send(socket, WebSocketMessageType.Text, parts[i], i == parts.Length - 1);
        await Expect(socket, WebSocketMessageType.Text, parts.SelectMany(part => part).ToArray());
        await EchoText(socket, "part one, part two, after the fragments");
    }

    static async Task Repeated(WebSocket socket) {
        for (var i = 0; i < 3; i++) await EchoText(socket, Times(1000, "the same again, "));
    }

    static Task Noise(WebSocket socket) {
        var data = new byte[80000];
        new Random(1).NextBytes(data);
        return Echo(socket, WebSocketMessageType.Binary, data);
    }

    static async Task Empty(WebSocket socket) {
        await EchoText(socket, "");
        await EchoText(socket, "after an empty message");
    }

    static Task Nothing(WebSocket socket) { return Task.FromResult(0); }

    static async Task Run(string uri, Func<WebSocket, Task> body) {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new Uri(uri), Soon);
        if (socket.SubProtocol != "chat") throw new InvalidOperationException("the subprotocol is " + socket.SubProtocol);
        await body(socket);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Soon);
        var closed = socket.CloseStatus + " " + socket.CloseStatusDescription;
        if (closed != "NormalClosure done") throw new InvalidOperationException("closed with " + closed);
    }

    static int Main(string[] arguments) {
        var cases = new Dictionary<string, Func<WebSocket, Task>> {
            { "handshake", Nothing }, { "text", socket => EchoText(socket, "Gr\u00fc\u00dfe") }, { "repeated", Repeated },
            { "fragments", Fragments }, { "80KB", Noise }, { "empty", Empty }, { "close", Nothing },
        };
        foreach (var named in cases) {
            try {
                Run(arguments[0], named.Value).Wait();
                Console.WriteLine("ok " + named.Key);
            } catch (AggregateException error) {
                Console.WriteLine("FAILED " + named.Key + ": " + error.GetBaseException().Message.Replace('\n', ' '));
            }
        }
        return 0;
    }
}
