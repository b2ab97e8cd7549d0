%% Cowboy, a server that echoes, which prints its port: matrix_peer:serve(). Gun, a client that runs the series: matrix_peer:client([URI, MODE]).
-module(matrix_peer).
-export([serve/0, client/1]).
-export([init/2, websocket_handle/2, websocket_info/2]).

-define(PATIENCE, 20000).

serve() ->
    {ok, _} = application:ensure_all_started(cowboy),
    Dispatch = cowboy_router:compile([{'_', [{"/", ?MODULE, []}]}]),
    {ok, _} = cowboy:start_clear(echo, [{ip, {127, 0, 0, 1}}, {port, 0}], #{env => #{dispatch => Dispatch}}),
    io:format("~b~n", [ranch:get_port(echo)]).

init(Request, State) ->
    Asked = cowboy_req:parse_header(<<"sec-websocket-protocol">>, Request, []),
    Answer = case lists:member(<<"chat">>, Asked) of
        true -> cowboy_req:set_resp_header(<<"sec-websocket-protocol">>, <<"chat">>, Request);
        false -> Request
    end,
    {cowboy_websocket, Answer, State, #{compress => true}}.

websocket_handle({Kind, _} = Message, State) when Kind =:= text; Kind =:= binary -> {[Message], State};
websocket_handle(_, State) -> {[], State}.

websocket_info(_, State) -> {[], State}.

client([Uri, Mode]) ->
    {ok, _} = application:ensure_all_started(gun),
    #{host := Host, port := Port} = uri_string:parse(Uri),
    lists:foreach(fun({Name, Body}) -> check(Name, Host, Port, Mode, Body) end, cases()),
    halt(0).

check(Name, Host, Port, Mode, Body) ->
    try
        {Client, Headers} = open(Host, Port, Mode =/= "none"),
        <<"chat">> = proplists:get_value(<<"sec-websocket-protocol">>, Headers),
        Body(Client, Headers),
        gun:close(Client),
        io:format("ok ~s~n", [Name])
    catch
        _:Error -> io:format("FAILED ~s: ~0.p~n", [Name, Error])
    end.

open(Host, Port, Compress) ->
    {ok, Client} = gun:open(Host, Port, #{protocols => [http], retry => 0}),
    {ok, http} = gun:await_up(Client, ?PATIENCE),
    Options = #{compress => Compress, protocols => [{<<"chat">>, gun_ws_h}]},
    gun:ws_upgrade(Client, "/", [], Options),
    receive
        {gun_upgrade, Client, _, [<<"websocket">>], Headers} -> {Client, Headers};
        {gun_response, Client, _, _, Status, _} -> error({status, Status});
        {gun_error, Client, _, Reason} -> error(Reason)
    after ?PATIENCE -> error(timeout)
    end.

next(Client) ->
    receive
        {gun_ws, Client, _, Message} -> Message;
        {gun_down, Client, _, Reason, _, _} -> error({down, Reason})
    after ?PATIENCE -> error(timeout)
    end.

echo(Client, Message) ->
    gun:ws_send(Client, Message),
    case next(Client) of
        Message -> ok;
        _ -> error(the_echo_differs)
    end.

cases() -> [
    {"handshake", fun(_, Headers) ->
        io:format("agreed ~s~n", [proplists:get_value(<<"sec-websocket-extensions">>, Headers, <<>>)])
    end},
    {"text", fun(Client, _) -> echo(Client, {text, <<"Grüße"/utf8>>}) end},
    {"repeated", fun(Client, _) ->
        Text = binary:copy(<<"the same again, ">>, 1000),
        [echo(Client, {text, Text}) || _ <- [1, 2, 3]]
    end},
    {"80KB", fun(Client, _) -> echo(Client, {binary, rand:bytes(80000)}) end},
    {"empty", fun(Client, _) ->
        echo(Client, {text, <<>>}),
        echo(Client, {text, <<"after an empty message">>})
    end},
    %% The others end without a Close: after its own, gun does not wait for an answer.
    {"close", fun(Client, _) ->
        gun:ws_send(Client, {close, 1000, <<"done">>}),
        {close, 1000, <<"done">>} = next(Client)
    end}
].
