//! Options of a copy as `lib/options.ts` has them: folders and names, views, dates, what may be removed.

use icloud_photos::sync::layout::{LocalZone, Locale};
use icloud_photos::sync::{DateLimit, Disposal, Layout, LayoutOptions, MoveRule, RemovalLimit, View, ViewAs};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::layout::{
    DISPOSALS, LIVE_NAMINGS, LIVE_SIZES, NAME_POLICIES, RAW_ALIGNS, SIZES, VIEW_SHAPES,
};
use napi::Env;
use napi::bindgen_prelude::{Either, Null, Unknown};
use napi_derive::napi;

use crate::asset::Asset;
use crate::library::number;
use crate::runtime::now;
use crate::value::{ToJs, named};

/// Folders and names; what is not there stays as the library has it.
#[napi(object, object_to_js = false)]
pub struct LayoutGiven {
    pub folder: Option<String>,
    pub sizes: Option<Vec<String>>,
    /// Null for none.
    pub live_photos: Option<Either<String, Null>>,
    pub force_size: Option<bool>,
    pub keep_unicode: Option<bool>,
    pub names: Option<String>,
    pub live_naming: Option<String>,
    pub align_raw: Option<String>,
    pub zone: Option<String>,
    pub locale: Option<String>,
}

#[napi(object, object_to_js = false)]
pub struct ViewGiven {
    pub name: String,
    pub template: String,
    pub made_of: Option<String>,
}

/// A moment, or an age.
#[napi(object, object_to_js = false)]
pub struct DateLimitGiven {
    /// Milliseconds since 1970.
    pub at_ms: Option<f64>,
    pub days_ago: Option<f64>,
}

#[napi(object, object_to_js = false)]
pub struct MoveRuleGiven {
    /// Without it: what this run fetched.
    pub older_than_days: Option<f64>,
}

#[napi(object, object_to_js = false)]
pub struct RemovalLimitGiven {
    pub share: Option<f64>,
    pub always: Option<f64>,
    pub gone: Option<f64>,
}

/// Where the files of an asset go.
#[napi(ts_return_type = "Placement")]
pub fn place<'env>(env: &'env Env, layout: LayoutGiven, asset: &Asset) -> napi::Result<Unknown<'env>> {
    let layout = now(layout.read().and_then(Layout::new))?;
    layout.place(&asset.0).to_js().make(env)
}

impl LayoutGiven {
    pub(crate) fn read(self) -> Result<LayoutOptions> {
        let mut options = LayoutOptions::default();
        if let Some(folder) = self.folder {
            options = options.folder(folder);
        }
        if let Some(sizes) = self.sizes {
            let sizes = sizes.iter().map(|size| named("size", size, &SIZES));
            options = options.sizes(sizes.collect::<Result<Vec<_>>>()?);
        }
        options = match self.live_photos {
            None => options,
            Some(Either::A(size)) => options.live_photos(Some(named("size of films", &size, &LIVE_SIZES)?)),
            Some(Either::B(Null)) => options.live_photos(None),
        };
        options = options.force_size(self.force_size.unwrap_or(false));
        options = options.keep_unicode(self.keep_unicode.unwrap_or(false));
        if let Some(names) = self.names {
            options = options.names(named("policy of names", &names, &NAME_POLICIES)?);
        }
        if let Some(naming) = self.live_naming {
            options = options.live_naming(named("naming of films", &naming, &LIVE_NAMINGS)?);
        }
        if let Some(align) = self.align_raw {
            options = options.align_raw(named("alignment", &align, &RAW_ALIGNS)?);
        }
        if let Some(zone) = self.zone {
            options = options.zone(LocalZone::named(&zone)?);
        }
        if let Some(name) = self.locale {
            options = options.locale(Locale::named(&name)?);
        }
        Ok(options)
    }
}

impl ViewGiven {
    pub(crate) fn read(self) -> Result<View> {
        let shape = self.made_of.map(|shape| named("shape of a view", &shape, &VIEW_SHAPES)).transpose()?;
        Ok(View::new(self.name, self.template)?.made_of(shape.unwrap_or(ViewAs::Best)))
    }
}

impl DateLimitGiven {
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn read(self) -> Result<DateLimit> {
        let wrong = |what| Error::new(ErrorKind::Config, what);
        if let Some(days) = self.days_ago {
            let days = u32::try_from(number("daysAgo", days)?);
            return days.map(DateLimit::DaysAgo).map_err(|_| wrong("daysAgo is more than any calendar has"));
        }
        let at = self
            .at_ms
            .filter(|at| at.is_finite())
            .ok_or_else(|| wrong("a limit of dates is no valid Date"))?;
        let at = time::OffsetDateTime::from_unix_timestamp_nanos(at as i128 * 1_000_000);
        at.map(DateLimit::At).map_err(|_| wrong("a limit of dates is beyond the calendar"))
    }
}

impl MoveRuleGiven {
    pub(crate) fn read(self) -> Result<MoveRule> {
        let Some(days) = self.older_than_days else { return Ok(MoveRule::Fetched) };
        let days = u32::try_from(number("olderThanDays", days)?).unwrap_or(u32::MAX);
        Ok(MoveRule::OlderThan { days })
    }
}

impl RemovalLimitGiven {
    pub(crate) fn read(self) -> Result<RemovalLimit> {
        let mut limit = self.share.map_or_else(RemovalLimit::default, RemovalLimit::new);
        if let Some(always) = self.always {
            limit.always = number("always", always)? as u64;
        }
        Ok(limit.after(number("gone", self.gone.unwrap_or(0.0))? as u64))
    }
}

pub(crate) fn disposal(name: &str) -> Result<Disposal> {
    named("disposal", name, &DISPOSALS)
}
