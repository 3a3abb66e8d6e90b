//! The way to a shard for other threads.

use super::{Change, ShardInput};
use crossbeam_channel::{Receiver, Sender, bounded};
use engine::Engine;
use model::{Address, WatcherId};
use std::sync::atomic::{AtomicU64, Ordering};

/// The way to a shard; clones share it.
#[derive(Clone)]
pub(crate) struct ShardHandle {
    pub inputs: Sender<ShardInput>,
}

/// The next watcher's number.
static NEXT_WATCHER: AtomicU64 = AtomicU64::new(1);

impl ShardHandle {
    /// What `look` sees in the engine; `None` where the shard has ended. Waits for its turn.
    pub fn look<T: Send + 'static>(&self, look: impl FnOnce(&Engine) -> T + Send + 'static) -> Option<T> {
        let (answer, answered) = bounded(1);
        let look = Box::new(move |engine: &Engine| {
            let _ = answer.send(look(engine));
        });
        self.inputs.send(ShardInput::Look(look)).ok()?;
        answered.recv().ok()
    }

    /// Watches one presentity, or all; at most `queue_max` changes may wait to be taken.
    pub fn watch(&self, presentity: Option<Address>, queue_max: usize) -> Watch {
        let (changes, receiver) = bounded(queue_max);
        let watcher = WatcherId(NEXT_WATCHER.fetch_add(1, Ordering::Relaxed));
        // Where the shard has ended the sender is dropped, and the watch is over at once.
        let _ = self.inputs.send(ShardInput::Watch { watcher, presentity, changes });
        Watch { changes: receiver, watcher, shard: self.clone() }
    }
}

/// A subscription of somebody outside the engine; it ends when it is dropped.
pub(crate) struct Watch {
    /// Ends when the watcher was too slow, or the server stops.
    pub changes: Receiver<Change>,
    watcher: WatcherId,
    shard: ShardHandle,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.shard.inputs.send(ShardInput::Unwatch(self.watcher));
    }
}
