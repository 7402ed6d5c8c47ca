//! Keeping a copy.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use icloud_photos::sync::{
    Action, AdoptOptions, Receipt, StopSignal, SyncEvent, SyncObserver, VerifyOptions,
};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::layout::{FORMATS, MISSING};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Function};
use napi_derive::napi;

use crate::asset::{Asset, Batch};
use crate::catalogue::Catalogue;
use crate::layout::{DateLimitGiven, LayoutGiven, MoveRuleGiven, RemovalLimitGiven, ViewGiven, disposal};
use crate::library::{Album, AlbumTree, Library, at_least_one, number};
use crate::runtime::{Abort, Feed, Items, Promised, now, run};
use crate::storage::{Storage, given};
use crate::told::{Events, Question, Told, give_up};
use crate::value::named;

#[napi]
pub struct SyncEngine {
    engine: icloud_photos::sync::SyncEngine,
    stop: StopSignal,
    number: u64,
}

/// Tells engines apart: a plan is for the one that made it.
static ENGINES: AtomicU64 = AtomicU64::new(0);

/// What an engine is told; see `lib/engine.ts`.
#[napi(object, object_to_js = false)]
pub struct EngineGiven {
    pub layout: LayoutGiven,
    pub recent: Option<f64>,
    pub skip_videos: bool,
    pub skip_photos: bool,
    pub skip_created_before: Option<DateLimitGiven>,
    pub skip_created_after: Option<DateLimitGiven>,
    pub until_found: Option<f64>,
    pub filter_name: String,
    pub sidecars: bool,
    pub views: Vec<ViewGiven>,
    pub concurrency: Option<f64>,
    pub missing: String,
    pub mirror: Option<String>,
    pub move_out: Option<MoveRuleGiven>,
    pub write_dates: Vec<String>,
    pub snapshots: bool,
    pub removal_limit: Option<RemovalLimitGiven>,
}

type Builder = icloud_photos::sync::SyncBuilder;

#[napi]
impl SyncEngine {
    #[napi(constructor)]
    pub fn new(
        library: &Library,
        storage: &Storage,
        options: EngineGiven,
        albums: Vec<ClassInstance<'_, Album>>,
        catalogue: Option<&Catalogue>,
        filter: Option<Function<'_, Batch, Option<bool>>>,
        check_albums: Option<Function<'_, AlbumTree, Option<bool>>>,
    ) -> napi::Result<Self> {
        let stop = StopSignal::new();
        let name = options.filter_name.clone();
        let mut builder = icloud_photos::sync::SyncEngine::builder(&library.0, given(storage));
        builder = now(options.told(builder))?.stop(stop.clone());
        for album in &albums {
            builder = builder.album(album.0.clone());
        }
        if let Some(catalogue) = catalogue {
            builder = builder.catalogue(now(catalogue.shared())?);
        }
        if let Some(filter) = filter {
            let filter = Question::new(&filter)?;
            builder = builder
                .filter(name, move |asset| filter.ask(Batch::of(asset.clone())).unwrap_or_else(|| give_up()));
        }
        if let Some(check) = check_albums {
            let check = Question::new(&check)?;
            builder = builder.check_albums(move |tree| match check.ask(AlbumTree(tree.clone())) {
                Some(true) => Ok(()),
                // Why it failed is the facade's to say.
                _ => Err(Error::new(ErrorKind::Cancelled, "the check of albums failed")),
            });
        }
        let engine = now(builder.build())?;
        Ok(Self { engine, stop, number: ENGINES.fetch_add(1, Ordering::Relaxed) })
    }

    #[napi]
    pub fn plan(&self) -> Plan {
        Plan { actions: Feed::new(self.engine.plan()), engine: self.number }
    }

    #[napi(ts_return_type = "Promise<SyncReport>")]
    pub fn execute<'env>(
        &self,
        env: &'env Env,
        plan: &Plan,
        events: Option<&Events>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (engine, plan) = (self.engine.clone(), self.actions_of(plan));
        let (told, observer) = observer(events);
        run(env, abort, Told::heard(told, async move { engine.execute(plan?, observer).await }))
    }

    #[napi(ts_return_type = "Promise<SyncReport>")]
    pub fn rehearse_removals<'env>(
        &self,
        env: &'env Env,
        events: Option<&Events>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let engine = self.engine.clone();
        let (told, observer) = observer(events);
        run(env, abort, Told::heard(told, async move { engine.rehearse_removals(observer.as_ref()).await }))
    }

    #[napi(ts_return_type = "Promise<SyncReport>")]
    pub fn rehearse_views<'env>(
        &self,
        env: &'env Env,
        events: Option<&Events>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let engine = self.engine.clone();
        let (told, observer) = observer(events);
        run(env, abort, Told::heard(told, async move { engine.rehearse_views(observer.as_ref()).await }))
    }

    #[napi(ts_return_type = "Promise<AdoptReport>")]
    pub fn adopt<'env>(
        &self,
        env: &'env Env,
        rehearse: bool,
        reread: bool,
        events: Option<&Events>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (engine, told) = (self.engine.clone(), Events::told(events));
        let options = AdoptOptions::default().rehearse(rehearse).reread(reread);
        let teller = told.clone();
        run(
            env,
            abort,
            Told::heard(told, async move {
                let tell = |event: icloud_photos::sync::AdoptEvent<'_>| tell(teller.as_ref(), event);
                engine.adopt(options, tell).await
            }),
        )
    }

    #[napi]
    pub fn news(&self) -> Items {
        Items::new(self.engine.news())
    }

    #[napi(ts_return_type = "Promise<Date | null>")]
    pub fn covered_at<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let engine = self.engine.clone();
        run(env, abort, async move { engine.covered_at().await })
    }

    #[napi(ts_return_type = "Promise<ChangeCursor | null>")]
    pub fn cursor<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let engine = self.engine.clone();
        run(env, abort, async move { engine.cursor().await })
    }

    #[napi(ts_return_type = "Promise<Array<Library>>")]
    pub fn uncovered_libraries<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let engine = self.engine.clone();
        run(env, abort, async move { engine.uncovered_libraries().await })
    }

    #[napi(ts_return_type = "Promise<Receipt | Kept>")]
    pub fn receipt<'env>(&self, env: &'env Env, asset: &Asset, abort: Option<&Abort>) -> Promised<'env> {
        let (engine, asset) = (self.engine.clone(), asset.0.clone());
        run(env, abort, async move { engine.receipt(&asset).await })
    }

    #[napi(ts_return_type = "Promise<Array<Kept | Failure | null>>")]
    pub fn move_out<'env>(
        &self,
        env: &'env Env,
        receipts: Vec<String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let engine = self.engine.clone();
        run(env, abort, async move {
            let receipts = receipts.iter().map(|text| read(text)).collect::<Result<Vec<_>>>()?;
            engine.move_out(&receipts).await
        })
    }

    #[napi]
    pub fn stop(&self) {
        self.stop.stop();
    }
}

impl SyncEngine {
    fn actions_of(&self, plan: &Plan) -> Result<futures::stream::BoxStream<'static, Result<Action>>> {
        if plan.engine != self.number {
            let message = "this is another engine's plan; execute the one that this engine made";
            return Err(Error::new(ErrorKind::Config, message));
        }
        plan.actions.take()
    }
}

impl EngineGiven {
    fn told(self, builder: Builder) -> Result<Builder> {
        let count = |what, given: Option<f64>| given.map(|given| number(what, given)).transpose();
        let formats = self.write_dates.iter().map(|name| named("format", name, &FORMATS));
        let mut builder = builder
            .layout(self.layout.read()?)
            .recent(count("recent", self.recent)?.map(|many| many as u64))
            .skip_videos(self.skip_videos)
            .skip_photos(self.skip_photos)
            .skip_created_before(self.skip_created_before.map(DateLimitGiven::read).transpose()?)
            .skip_created_after(self.skip_created_after.map(DateLimitGiven::read).transpose()?)
            .until_found(count("untilFound", self.until_found)?.map(|many| many as u64))
            .sidecars(self.sidecars)
            .missing(named("rule for missing files", &self.missing, &MISSING)?)
            .mirror(self.mirror.map(|name| disposal(&name)).transpose()?)
            .move_out(self.move_out.map(MoveRuleGiven::read).transpose()?)
            .write_dates(formats.collect::<Result<Vec<_>>>()?)
            .snapshots(self.snapshots);
        for view in self.views {
            builder = builder.view(view.read()?);
        }
        if let Some(files) = self.concurrency {
            let files: NonZeroUsize = at_least_one("concurrency", files)?;
            builder = builder.concurrency(files);
        }
        if let Some(limit) = self.removal_limit {
            builder = builder.removal_limit(limit.read()?);
        }
        Ok(builder)
    }
}

fn read(receipt: &str) -> Result<Receipt> {
    serde_json::from_str(receipt)
        .map_err(|error| Error::new(ErrorKind::Config, "this is no receipt; make a new one").caused_by(error))
}

/// Tells JavaScript what a run does.
struct Observer(Told);

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl SyncObserver for Observer {
    fn event(&self, event: SyncEvent<'_>) {
        self.0.tell(event);
    }
}

fn observer(events: Option<&Events>) -> (Option<Told>, Arc<dyn SyncObserver>) {
    match Events::told(events) {
        Some(told) => (Some(told.clone()), Arc::new(Observer(told))),
        None => (None, Arc::new(())),
    }
}

fn tell(told: Option<&Told>, event: impl icloud_photos_bindings::ToValue) {
    if let Some(told) = told {
        told.tell(event);
    }
}

/// What a run would do.
#[napi]
pub struct Plan {
    actions: Feed<Action>,
    /// Whose it is.
    engine: u64,
}

#[napi]
impl Plan {
    #[napi(ts_return_type = "Promise<Array<unknown>>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        self.actions.next(env, abort)
    }

    #[napi]
    pub fn close(&self) {
        self.actions.close();
    }
}

/// How a copy is verified.
#[napi(object, object_to_js = false)]
pub struct VerifyGiven {
    pub share: f64,
    pub seed: f64,
    pub repair: bool,
    pub missing: String,
    pub read_only: bool,
    pub reread: bool,
}

impl VerifyGiven {
    fn read(self) -> Result<VerifyOptions> {
        let mut options = VerifyOptions::default().reread(self.reread).missing(named(
            "rule for missing files",
            &self.missing,
            &MISSING,
        )?);
        if self.share < 1.0 {
            options = options.sample(self.share, number("seed", self.seed)? as u64);
        }
        if self.repair {
            options = options.repair();
        }
        if self.read_only {
            options = options.read_only();
        }
        Ok(options)
    }
}

#[napi(ts_return_type = "Promise<VerifyReport>")]
pub fn verify<'env>(
    env: &'env Env,
    storage: &Storage,
    catalogue: &Catalogue,
    options: VerifyGiven,
    engine: Option<&SyncEngine>,
    events: Option<&Events>,
    abort: Option<&Abort>,
) -> Promised<'env> {
    let (storage, books, told) = (given(storage), catalogue.shared(), Events::told(events));
    let (engine, teller) = (engine.map(|engine| engine.engine.clone()), told.clone());
    run(
        env,
        abort,
        Told::heard(told, async move {
            let tell = move |event: icloud_photos::sync::VerifyEvent<'_>| tell(teller.as_ref(), event);
            icloud_photos::sync::verify(storage, books?, options.read()?, engine.as_ref(), tell).await
        }),
    )
}
