//! A room over several processes: messages go through Redis (publish and subscribe), and come back from there
//! to every process, in the same order.
//!
//! Each process encodes a message once for all of its clients. Messages are delivered at most once: one whose
//! publication failed may have reached the broker, so it is not published again. While the broker is away,
//! messages wait in a queue, and a client whose message finds no room in it is closed with 1013.

use std::{sync::Arc, time::Duration};

use redis::{AsyncCommands as _, Client, RedisError, RedisResult};
use sansocket::session::EncodedMessage;
use tokio::{
    sync::{
        broadcast,
        mpsc::{self, Receiver, Sender},
    },
    time::{sleep, timeout},
};

use crate::Result;

/// The maximum number of messages that wait for the broker.
const QUEUE: usize = 256;

/// The pause before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

/// The time that the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of the room at the broker.
const CHANNEL: &str = "sansocket:chat";

/// A message, encoded once for all clients of this process.
pub type Message = Arc<EncodedMessage>;

/// The destination of the messages of clients.
#[derive(Clone)]
pub struct Room {
    everybody: broadcast::Sender<Message>,
    broker: Option<Sender<String>>,
}

impl Room {
    /// Creates a room in this process alone, in which a client may fall `backlog` messages behind.
    pub fn new(backlog: usize) -> Self {
        Self { everybody: broadcast::channel(backlog).0, broker: None }
    }

    /// Creates a room that all processes with this broker share. Runs a task that reconnects as long as the
    /// room exists.
    pub fn shared(backlog: usize, url: &str) -> Result<Self> {
        let client = Client::open(url)?;
        let (sender, queue) = mpsc::channel(QUEUE);
        let room = Self { broker: Some(sender), ..Self::new(backlog) };
        tokio::spawn(carry(client, room.everybody.clone(), queue));
        Ok(room)
    }

    /// Returns the messages in the room from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Message> {
        self.everybody.subscribe()
    }

    /// Sends a message to the room. Returns `false` if the broker is unavailable and the queue is full.
    #[must_use]
    pub fn say(&self, text: &str) -> bool {
        if let Some(broker) = &self.broker {
            return broker.try_send(text.to_owned()).is_ok();
        }
        hand_out(&self.everybody, text);
        true
    }
}

fn hand_out(everybody: &broadcast::Sender<Message>, text: &str) {
    // It fails if there are no clients.
    let _ = everybody.send(Arc::new(EncodedMessage::text(text)));
}

/// Carries messages to the broker and from it, and reconnects whenever that fails.
async fn carry(client: Client, everybody: broadcast::Sender<Message>, mut queue: Receiver<String>) {
    loop {
        match converse(&client, &everybody, &mut queue).await {
            Ok(()) => return,
            Err(error) => eprintln!("the broker is away: {error}; {} messages wait", queue.len()),
        }
        sleep(PAUSE).await;
    }
}

/// Returns `Ok` when the room has closed.
async fn converse(
    client: &Client,
    everybody: &broadcast::Sender<Message>,
    queue: &mut Receiver<String>,
) -> RedisResult<()> {
    let (mut subscriber, mut heard) = soon(client.get_async_pubsub()).await?.split();
    soon(subscriber.subscribe(CHANNEL)).await?;
    let mut publisher = soon(client.get_multiplexed_async_connection()).await?;
    println!("the broker is there");
    loop {
        tokio::select! {
            message = futures_util::StreamExt::next(&mut heard) => match message {
                Some(message) => match str::from_utf8(message.get_payload_bytes()) {
                    Ok(text) => hand_out(everybody, text),
                    Err(_) => eprintln!("a message in the channel is not text, and is dropped"),
                },
                None => return Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset))),
            },
            said = queue.recv() => match said {
                Some(said) => soon(publisher.publish::<_, _, ()>(CHANNEL, said)).await?,
                None => return Ok(()),
            },
        }
    }
}

async fn soon<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    timeout(PATIENCE, answer).await.map_err(late)?
}
