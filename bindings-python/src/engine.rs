//! Keeping a copy.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use icloud_photos::sync::{
    Action, AdoptOptions, Receipt, StopSignal, SyncEvent, SyncObserver, VerifyOptions,
};
use icloud_photos::{Error, ErrorKind};
use icloud_photos_bindings::layout::{FORMATS, MISSING};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::asset::Asset;
use crate::callback::{Callback, give_up};
use crate::catalogue::{Catalogue, require_here};
use crate::convert::{ToPython, named};
use crate::errors::raised;
use crate::layout::{date_limit, disposal, layout, move_rule, removal_limit, view};
use crate::library::{Album, Library};
use crate::runtime::{Batches, Feed, Op};
use crate::storage::given;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct SyncEngine {
    engine: icloud_photos::sync::SyncEngine,
    filter: Callback,
    check: Callback,
    stop: StopSignal,
    number: u64,
    process: u32,
}

/// Tells engines apart: a plan is for the one that made it.
static ENGINES: AtomicU64 = AtomicU64::new(0);

#[pymethods]
impl SyncEngine {
    #[new]
    #[pyo3(signature = (
        library, storage, *, catalogue, albums, layout, recent, skip_videos, skip_photos, skip_created_before, skip_created_after,
        until_found, filter, filter_name, check_albums, sidecars, views, concurrency, missing, mirror, move_out, write_dates, snapshots, removal_limit,
    ))]
    fn new(
        py: Python<'_>,
        library: &Library,
        storage: &Bound<'_, PyAny>,
        catalogue: Option<&Catalogue>,
        albums: Vec<Bound<'_, Album>>,
        layout: &Bound<'_, PyAny>,
        recent: Option<u64>,
        skip_videos: bool,
        skip_photos: bool,
        skip_created_before: Option<Bound<'_, PyAny>>,
        skip_created_after: Option<Bound<'_, PyAny>>,
        until_found: Option<u64>,
        filter: Option<Py<PyAny>>,
        filter_name: String,
        check_albums: Option<Py<PyAny>>,
        sidecars: bool,
        views: Vec<Bound<'_, PyAny>>,
        concurrency: Option<usize>,
        missing: &str,
        mirror: Option<&str>,
        move_out: Option<Bound<'_, PyAny>>,
        write_dates: Vec<String>,
        snapshots: bool,
        removal_limit: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let stop = StopSignal::new();
        let formats =
            write_dates.iter().map(|name| named("format", name, &FORMATS)).collect::<PyResult<Vec<_>>>()?;
        let mut builder = icloud_photos::sync::SyncEngine::builder(&library.0, given(storage)?)
            .layout(self::layout(layout)?)
            .recent(recent)
            .skip_videos(skip_videos)
            .skip_photos(skip_photos)
            .skip_created_before(skip_created_before.map(|limit| date_limit(&limit)).transpose()?)
            .skip_created_after(skip_created_after.map(|limit| date_limit(&limit)).transpose()?)
            .until_found(until_found)
            .sidecars(sidecars)
            .missing(named("rule for missing files", missing, &MISSING)?)
            .mirror(mirror.map(disposal).transpose()?)
            .move_out(move_out.map(|rule| move_rule(&rule)).transpose()?)
            .write_dates(formats)
            .snapshots(snapshots)
            .stop(stop.clone());
        if let Some(catalogue) = catalogue {
            builder = builder.catalogue(catalogue.shared().map_err(|error| raised(py, &error))?);
        }
        for album in &albums {
            builder = builder.album(album.get().0.clone());
        }
        for one in &views {
            builder = builder.view(view(one)?);
        }
        if let Some(files) = concurrency {
            let files = NonZeroUsize::new(files)
                .ok_or_else(|| PyValueError::new_err("concurrency must be at least 1"))?;
            builder = builder.concurrency(files);
        }
        if let Some(limit) = removal_limit {
            builder = builder.removal_limit(self::removal_limit(&limit)?);
        }
        let wants = filter.is_some();
        let filter = Callback::new(filter);
        if wants {
            let ask = filter.clone();
            builder = builder.filter(filter_name, move |asset| {
                ask.ask(|py| asset.to_python(py), |answer| answer.is_truthy()).unwrap_or_else(|| give_up())
            });
        }
        let checks = check_albums.is_some();
        let check = Callback::new(check_albums);
        if checks {
            let ask = check.clone();
            builder = builder.check_albums(move |tree| {
                let answer = ask.ask(|py| tree.to_python(py), |_| Ok(()));
                // Why it failed is the callback's to say.
                answer.ok_or_else(|| Error::new(ErrorKind::Cancelled, "the check of albums failed"))
            });
        }
        let engine = builder.build().map_err(|error| raised(py, &error))?;
        Ok(Self {
            engine,
            filter,
            check,
            stop,
            number: ENGINES.fetch_add(1, Ordering::Relaxed),
            process: std::process::id(),
        })
    }

    #[getter]
    fn library(&self) -> Library {
        Library(self.engine.library().clone())
    }

    fn plan(&self, py: Python<'_>) -> PyResult<Plan> {
        let plan = self.here().map_err(|error| raised(py, &error))?.plan();
        Ok(Plan { actions: Feed::new(plan), filter: self.filter.anew(), engine: self.number })
    }

    fn execute(&self, plan: &Bound<'_, Plan>, on_event: Option<Py<PyAny>>) -> Op {
        let (engine, filter, plan) = (self.engine.clone(), self.filter.anew(), self.actions_of(plan.get()));
        let (check, (told, observer)) = (self.check.anew(), observer(on_event));
        let calls = [told.clone(), check.clone(), filter.clone()];
        Op::calling(calls, async move {
            told.guard(check.guard(filter.guard(engine.execute(plan?, observer)))).await
        })
    }

    fn rehearse_removals(&self, on_event: Option<Py<PyAny>>) -> Op {
        let (engine, filter) = (self.here(), self.filter.anew());
        let (told, observer) = observer(on_event);
        let calls = [told.clone(), filter.clone()];
        Op::calling(calls, async move {
            told.guard(filter.guard(async { engine?.rehearse_removals(observer.as_ref()).await })).await
        })
    }

    fn rehearse_views(&self, on_event: Option<Py<PyAny>>) -> Op {
        let engine = self.here();
        let (told, observer) = observer(on_event);
        Op::calling([told.clone()], async move {
            told.guard(async { engine?.rehearse_views(observer.as_ref()).await }).await
        })
    }

    fn adopt(&self, rehearse: bool, reread: bool, on_event: Option<Py<PyAny>>) -> Op {
        let (engine, filter, told) = (self.here(), self.filter.anew(), Callback::new(on_event));
        let options = AdoptOptions::default().rehearse(rehearse).reread(reread);
        Op::calling([told.clone(), filter.clone()], async move {
            let tell = told.clone();
            let work =
                async { engine?.adopt(options, move |event| tell.tell(|py| event.to_python(py))).await };
            told.guard(filter.guard(work)).await
        })
    }

    fn news(&self, py: Python<'_>) -> PyResult<Batches> {
        Ok(Batches::new(self.here().map_err(|error| raised(py, &error))?.news()))
    }

    fn covered_at(&self) -> Op {
        let engine = self.here();
        Op::new(async move { engine?.covered_at().await })
    }

    fn cursor(&self) -> Op {
        let engine = self.here();
        Op::new(async move { engine?.cursor().await })
    }

    fn uncovered_libraries(&self) -> Op {
        let engine = self.here();
        Op::new(async move { engine?.uncovered_libraries().await })
    }

    fn receipt(&self, asset: &Bound<'_, Asset>) -> Op {
        let (engine, asset) = (self.here(), asset.get().0.clone());
        Op::new(async move { engine?.receipt(&asset).await })
    }

    fn move_out(&self, receipts: Vec<String>) -> Op {
        let engine = self.here();
        Op::new(async move {
            let receipts =
                receipts.iter().map(|text| read(text)).collect::<icloud_photos::Result<Vec<_>>>()?;
            engine?.move_out(&receipts).await
        })
    }

    fn stop(&self) {
        self.stop.stop();
    }
}

impl SyncEngine {
    /// The engine, in the process that made it.
    fn here(&self) -> icloud_photos::Result<icloud_photos::sync::SyncEngine> {
        require_here(self.process).map(|()| self.engine.clone())
    }

    fn actions_of(&self, plan: &Plan) -> icloud_photos::Result<icloud_photos::sync::Plan> {
        require_here(self.process)?;
        if plan.engine != self.number {
            let message = "this is another engine's plan; execute the one that this engine made";
            return Err(Error::new(ErrorKind::Config, message));
        }
        plan.actions.take()
    }
}

fn read(receipt: &str) -> icloud_photos::Result<Receipt> {
    serde_json::from_str(receipt)
        .map_err(|error| Error::new(ErrorKind::Config, "this is no receipt; make a new one").caused_by(error))
}

/// Tells Python what a run does.
#[derive(Debug)]
struct Observer(Callback);

impl SyncObserver for Observer {
    fn event(&self, event: SyncEvent<'_>) {
        self.0.tell(|py| event.to_python(py));
    }
}

fn observer(on_event: Option<Py<PyAny>>) -> (Callback, Arc<dyn SyncObserver>) {
    let told = Callback::new(on_event);
    (told.clone(), if told.is_none() { Arc::new(()) } else { Arc::new(Observer(told)) })
}

/// What a run would do.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Plan {
    actions: Feed<Action>,
    filter: Callback,
    /// Whose it is.
    engine: u64,
}

#[pymethods]
impl Plan {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.actions.next_guarded(&self.filter, into)
    }

    fn close(&self) {
        self.actions.close();
    }
}

#[pyfunction]
#[pyo3(signature = (storage, catalogue, *, share, seed, repair, missing, read_only, reread, engine, on_event))]
pub(crate) fn verify(
    storage: &Bound<'_, PyAny>,
    catalogue: &Catalogue,
    share: f64,
    seed: u64,
    repair: bool,
    missing: &str,
    read_only: bool,
    reread: bool,
    engine: Option<&SyncEngine>,
    on_event: Option<Py<PyAny>>,
) -> PyResult<Op> {
    let (storage, books, told) = (given(storage)?, catalogue.shared(), Callback::new(on_event));
    let mut options =
        VerifyOptions::default().reread(reread).missing(named("rule for missing files", missing, &MISSING)?);
    if share < 1.0 {
        options = options.sample(share, seed);
    }
    if repair {
        options = options.repair();
    }
    if read_only {
        options = options.read_only();
    }
    let engine = engine.map(|engine| engine.engine.clone());
    Ok(Op::calling([told.clone()], async move {
        let tell = told.clone();
        let tell = move |event: icloud_photos::sync::VerifyEvent<'_>| tell.tell(|py| event.to_python(py));
        told.guard(icloud_photos::sync::verify(storage, books?, options, engine.as_ref(), tell)).await
    }))
}
