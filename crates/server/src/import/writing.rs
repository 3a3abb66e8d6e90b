//! Writing many facts: in parts, several of them under way.

use model::{Batch, Fact};
use std::sync::mpsc::{Receiver, Sender, channel};
use store::{StoreError, Writer};

/// Facts of one part.
const PART_FACTS: usize = 4096;

/// Parts under way at one time; together they fit the store's queue.
const PARTS_MAX: usize = 4;

/// Facts on their way to the store.
pub(super) struct Writing {
    writer: Writer,
    part: Vec<Fact>,
    under_way: usize,
    done: Sender<Result<(), StoreError>>,
    outcomes: Receiver<Result<(), StoreError>>,
}

impl Writing {
    pub fn new(writer: Writer) -> Self {
        let (done, outcomes) = channel();
        Self { writer, part: Vec::new(), under_way: 0, done, outcomes }
    }

    pub fn write(&mut self, facts: Vec<Fact>) -> Result<(), StoreError> {
        self.part.extend(facts);
        while self.part.len() > PART_FACTS {
            let rest = self.part.split_off(PART_FACTS);
            self.send()?;
            self.part = rest;
        }
        Ok(())
    }

    /// Writes what is left, and waits until all is durable.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.send()?;
        while self.under_way > 0 {
            self.wait()?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), StoreError> {
        if self.under_way == PARTS_MAX {
            self.wait()?;
        }
        let facts = std::mem::take(&mut self.part);
        let done = self.done.clone();
        self.writer.submit(Batch { facts }, move |outcome| drop(done.send(outcome)))?;
        self.under_way += 1;
        Ok(())
    }

    fn wait(&mut self) -> Result<(), StoreError> {
        self.under_way -= 1;
        self.outcomes.recv().unwrap_or(Err(StoreError::Closed))
    }
}
