//! What the library tells goes to functions of JavaScript's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use log::{Level, LevelFilter, Log, Metadata, Record};
use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::runtime::{lock, now};
use crate::value::named;

const TARGET: &str = "icloud_photos";

/// Those that something is told at.
const LEVELS: [Level; 4] = [Level::Error, Level::Warn, Level::Info, Level::Debug];

/// Most records that wait for the event loop. What comes then is lost: nobody's work waits for a log.
const WAITING: usize = 1000;

/// Weak: what nobody awaits keeps no process alive.
type Heard = ThreadsafeFunction<LogRecord, (), LogRecord, Status, false, true, WAITING>;

/// What was told.
#[napi(object, object_from_js = false)]
pub struct LogRecord {
    pub level: String,
    pub target: String,
    pub message: String,
}

struct Listener {
    number: u64,
    level: Level,
    heard: Heard,
}

static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());

/// Hands records to whoever listens, in whichever thread of JavaScript's.
struct Bridge;

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(TARGET)
    }

    fn log(&self, record: &Record<'_>) {
        // What other crates tell is not ours to show; some of them tell requests.
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut listeners = lock(&LISTENERS);
        // Of one whose thread has ended nothing is left.
        listeners.retain(|listener| !listener.heard.aborted());
        for listener in listeners.iter().filter(|listener| record.level() <= listener.level) {
            let told = LogRecord {
                level: record.level().as_str().to_ascii_lowercase(),
                target: record.target().to_owned(),
                message: record.args().to_string(),
            };
            listener.heard.call(told, ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn flush(&self) {}
}

/// Hears until it is closed.
#[napi]
pub struct LogListener(u64);

#[napi]
impl LogListener {
    #[napi(constructor)]
    pub fn new(listener: Function<'_, LogRecord, ()>, level: String) -> napi::Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let level = now(named("level of a log", &level, &LEVELS))?;
        let heard = listener
            .build_threadsafe_function::<LogRecord>()
            .callee_handled::<false>()
            .weak::<true>()
            .max_queue_size::<WAITING>()
            .build_callback(|call| Ok(call.value))?;
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        lock(&LISTENERS).push(Listener { number, level, heard });
        install();
        Ok(Self(number))
    }

    #[napi]
    pub fn close(&self) {
        lock(&LISTENERS).retain(|listener| listener.number != self.0);
    }
}

/// Sets the bridge up with the first listener: before, nothing is told at all.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if log::set_logger(&Bridge).is_ok() {
            log::set_max_level(LevelFilter::Debug);
        }
    });
}
