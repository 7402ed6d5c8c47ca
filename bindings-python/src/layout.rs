//! Options of a copy as `_models.py` has them: folders and names, views, dates, what may be removed.

use icloud_photos::sync::Layout;
use icloud_photos::sync::layout::{LiveSize, LocalZone, Locale};
use icloud_photos::sync::{DateLimit, Disposal, LayoutOptions, MoveRule, RemovalLimit, View};
use icloud_photos_bindings::layout::{
    DISPOSALS, LIVE_NAMINGS, LIVE_SIZES, NAME_POLICIES, RAW_ALIGNS, SIZES, VIEW_SHAPES,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::asset::Asset;
use crate::convert::{ToPython, named};
use crate::errors::raised;

/// Where the files of an asset go.
#[pyfunction]
pub(crate) fn place<'py>(
    py: Python<'py>,
    layout: &Bound<'_, PyAny>,
    asset: &Asset,
) -> PyResult<Bound<'py, PyAny>> {
    let layout = Layout::new(self::layout(layout)?).map_err(|error| raised(py, &error))?;
    layout.place(&asset.0).to_python(py)
}

/// A `Layout`; what is `None` there stays as the library has it.
pub(crate) fn layout(given: &Bound<'_, PyAny>) -> PyResult<LayoutOptions> {
    let text = |name: &str| given.getattr(name)?.extract::<Option<String>>();
    let mut options = LayoutOptions::default()
        .live_photos(text("live_photos")?.map(|size| live_size(&size)).transpose()?)
        .force_size(given.getattr("force_size")?.extract()?)
        .keep_unicode(given.getattr("keep_unicode")?.extract()?)
        .names(named("policy of names", &given.getattr("names")?.extract::<String>()?, &NAME_POLICIES)?)
        .live_naming(named(
            "naming of films",
            &given.getattr("live_naming")?.extract::<String>()?,
            &LIVE_NAMINGS,
        )?)
        .align_raw(named("alignment", &given.getattr("align_raw")?.extract::<String>()?, &RAW_ALIGNS)?);
    if let Some(folder) = text("folder")? {
        options = options.folder(folder);
    }
    let sizes: Vec<String> = given.getattr("sizes")?.extract()?;
    options =
        options.sizes(sizes.iter().map(|size| named("size", size, &SIZES)).collect::<PyResult<Vec<_>>>()?);
    if let Some(zone) = text("zone")? {
        options = options.zone(LocalZone::named(&zone).map_err(|error| raised(given.py(), &error))?);
    }
    if let Some(name) = text("locale")? {
        options = options.locale(Locale::named(&name).map_err(|error| raised(given.py(), &error))?);
    }
    Ok(options)
}

fn live_size(name: &str) -> PyResult<LiveSize> {
    named("size of films", name, &LIVE_SIZES)
}

/// A `View`: name, template, shape.
pub(crate) fn view(given: &Bound<'_, PyAny>) -> PyResult<View> {
    let (name, template): (String, String) =
        (given.getattr("name")?.extract()?, given.getattr("template")?.extract()?);
    let view = View::new(name, template).map_err(|error| raised(given.py(), &error))?;
    Ok(view.made_of(named("shape of a view", &given.getattr("made_of")?.extract::<String>()?, &VIEW_SHAPES)?))
}

/// A moment, or so many days ago.
pub(crate) fn date_limit(given: &Bound<'_, PyAny>) -> PyResult<DateLimit> {
    if let Ok(ago) = given.extract::<time::Duration>() {
        let days =
            u32::try_from(ago.whole_days()).ok().filter(|days| time::Duration::days((*days).into()) == ago);
        return days
            .map(DateLimit::DaysAgo)
            .ok_or_else(|| PyValueError::new_err("a limit of age is a number of whole days"));
    }
    let moment: time::OffsetDateTime = given.extract().map_err(|_| {
        PyValueError::new_err("a limit of dates is a datetime with a time zone, or a timedelta of whole days")
    })?;
    Ok(DateLimit::At(moment))
}

/// A `MoveRule`: `older_than` so many days, or what was fetched.
pub(crate) fn move_rule(given: &Bound<'_, PyAny>) -> PyResult<MoveRule> {
    Ok(match given.getattr("older_than_days")?.extract::<Option<u32>>()? {
        Some(days) => MoveRule::OlderThan { days },
        None => MoveRule::Fetched,
    })
}

pub(crate) fn disposal(name: &str) -> PyResult<Disposal> {
    named("disposal", name, &DISPOSALS)
}

/// A `RemovalLimit`.
pub(crate) fn removal_limit(given: &Bound<'_, PyAny>) -> PyResult<RemovalLimit> {
    let mut limit = RemovalLimit::new(given.getattr("share")?.extract()?);
    limit.always = given.getattr("always")?.extract()?;
    Ok(limit.after(given.getattr("gone")?.extract()?))
}
