//! Streams that another language reads a batch at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt};
use icloud_photos::{Error, ErrorKind, Result};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// Most items that one step of a lazy sequence hands over.
const BATCH: usize = 500;

/// A stream that calls read from, one after the other. Nothing is lost when one is given up: what it had read already comes with the next.
#[derive(Debug)]
pub struct Feed<T> {
    shelf: Arc<Mutex<Reading<T>>>,
    closed: watch::Sender<bool>,
    most: usize,
}

/// Locked from the first item that is read until the last is in somebody's hands.
struct Reading<T> {
    stream: Option<BoxStream<'static, Result<T>>>,
    /// What was read and not handed over.
    back: VecDeque<Result<T>>,
    begun: bool,
    /// Somebody has the stream.
    taken: bool,
}

impl<T> std::fmt::Debug for Reading<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Feed<T> {
    /// One that hands over what is there at each step.
    pub fn new(stream: BoxStream<'static, Result<T>>) -> Self {
        Self::at_most(BATCH, stream)
    }

    /// One that hands over no more than so many items at a time.
    pub fn at_most(most: usize, stream: BoxStream<'static, Result<T>>) -> Self {
        // What came to its end within a batch is asked once more by the next.
        let reading = Reading {
            stream: Some(stream.fuse().boxed()),
            back: VecDeque::new(),
            begun: false,
            taken: false,
        };
        Self { shelf: Arc::new(Mutex::new(reading)), closed: watch::Sender::new(false), most }
    }

    /// The next items, all that are there by now; none is the end.
    ///
    /// # Errors
    ///
    /// What the stream fails with, after what was read before it.
    pub fn read(&self) -> impl Future<Output = Result<Taken<T>>> + Send + 'static {
        let (shelf, mut closed, most) = (self.shelf.clone(), self.closed.subscribe(), self.most);
        async move {
            let mut reading = shelf.lock_owned().await;
            let batch = tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => None,
                batch = reading.batch(most) => Some(batch),
            };
            let items = batch.unwrap_or_else(|| {
                reading.close();
                Ok(Vec::new())
            })?;
            Ok(Taken { items, reading })
        }
    }

    /// Drops the stream, also while a call waits for it, which finds its end.
    pub fn close(&self) {
        self.closed.send_replace(true);
        if let Ok(mut reading) = self.shelf.try_lock() {
            reading.close();
        }
    }

    /// Takes the whole stream away for good.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if somebody has read from it, who would lack what follows, or took it already.
    pub fn take(&self) -> Result<BoxStream<'static, Result<T>>> {
        let mut reading = self.shelf.try_lock().map_err(|_| used())?;
        let begun = reading.begun;
        let stream = reading.stream.take_if(|_| !begun).ok_or_else(used)?;
        reading.taken = true;
        Ok(stream)
    }
}

impl<T: Send> Reading<T> {
    async fn batch(&mut self, most: usize) -> Result<Vec<T>> {
        self.begun = true;
        if self.taken {
            return Err(used());
        }
        if self.back.is_empty() {
            let Some(stream) = &mut self.stream else { return Ok(Vec::new()) };
            match stream.as_mut().ready_chunks(most).next().await {
                Some(chunk) => self.back.extend(chunk),
                None => self.stream = None,
            }
        }
        // What came before an error goes out first; the error is the next call's.
        let mut items = Vec::with_capacity(self.back.len());
        while let Some(item) = self.back.pop_front() {
            match item {
                Ok(item) => items.push(item),
                Err(error) if items.is_empty() => return Err(error),
                error => {
                    self.back.push_front(error);
                    break;
                }
            }
        }
        Ok(items)
    }
}

impl<T> Reading<T> {
    fn close(&mut self) {
        self.stream = None;
        self.back.clear();
    }
}

/// Items on their way to somebody; they go back if nobody takes them.
#[derive(Debug)]
pub struct Taken<T> {
    items: Vec<T>,
    reading: OwnedMutexGuard<Reading<T>>,
}

impl<T> Taken<T> {
    /// All of them.
    pub fn all(mut self) -> Vec<T> {
        std::mem::take(&mut self.items)
    }

    /// Hands them over one by one, and tells whether there were any.
    ///
    /// # Errors
    ///
    /// What taking one comes to. That item is lost then, and whoever reads on must not take what follows for the rest: they find an error.
    pub fn hand<E>(mut self, mut take: impl FnMut(T) -> Result<(), E>) -> Result<bool, E> {
        let came = !self.items.is_empty();
        for item in std::mem::take(&mut self.items) {
            if let Err(error) = take(item) {
                self.reading.close();
                self.reading.back.push_back(Err(interrupted()));
                return Err(error);
            }
        }
        Ok(came)
    }
}

fn used() -> Error {
    Error::new(ErrorKind::Config, "this was read from, or used already; make a new one")
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Cancelled, "what was read was lost when this was interrupted; begin anew")
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        for item in self.items.drain(..).rev() {
            self.reading.back.push_front(Ok(item));
        }
    }
}
