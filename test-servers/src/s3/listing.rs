//! Lists, page by page: objects, uploads, parts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, EncodingType, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, MultipartUpload, Object as Row, Part, Timestamp,
};
use s3s::{S3Result, s3_error};

use super::store::{Object, State, Upload};

/// What Amazon leaves as it is in a list with `encoding-type=url`. A space becomes `+`.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// A page has no more than this, whatever is asked for.
const MOST: i32 = 1000;

pub(super) fn objects(state: &State, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let most = page(input.max_keys)?;
    let after = match &input.continuation_token {
        Some(token) => Some(unseal(token)?),
        None => input.start_after.clone(),
    };
    let (rows, folders, rest) = walk(state, &input, after.as_deref(), most);
    let encode = encoder(input.encoding_type.as_ref());
    let key_count = i32::try_from(rows.len() + folders.len()).unwrap_or(MOST);
    let rows = rows.into_iter().map(|(key, object)| row(encode(key), object));
    let folders = folders.into_iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) });
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        contents: Some(rows.collect()),
        common_prefixes: Some(folders.collect()),
        key_count: Some(key_count),
        max_keys: Some(most),
        is_truncated: Some(rest.is_some()),
        next_continuation_token: rest.map(|last| URL_SAFE.encode(last)),
        prefix: input.prefix.map(|prefix| encode(&prefix)),
        delimiter: input.delimiter.map(|delimiter| encode(&delimiter)),
        start_after: input.start_after.map(|after| encode(&after)),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

type Walked<'a> = (Vec<(&'a str, &'a Object)>, Vec<&'a str>, Option<&'a str>);

/// Keys, and what all keys with one more delimiter have in common, which counts as one; then, if there is more, the last of
/// the page.
fn walk<'a>(state: &'a State, input: &ListObjectsV2Input, after: Option<&str>, most: i32) -> Walked<'a> {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let most = usize::try_from(most).unwrap_or_default();
    let (mut rows, mut folders, mut last) = (Vec::new(), Vec::new(), None);
    let from = state.objects.range(prefix.max(after.unwrap_or_default()).to_owned()..);
    for (key, object) in from.take_while(|(key, _)| key.starts_with(prefix)) {
        let folder = delimiter.and_then(|delimiter| folder(key, prefix, delimiter));
        let name = folder.unwrap_or(key);
        let shown = |after| key.as_str() <= after || folder == Some(after);
        if after.is_some_and(shown) || (folder.is_some() && last == folder) {
            continue;
        }
        if rows.len() + folders.len() == most {
            return (rows, folders, last);
        }
        match folder {
            Some(folder) => folders.push(folder),
            None => rows.push((key.as_str(), object.as_ref())),
        }
        last = Some(name);
    }
    (rows, folders, None)
}

fn folder<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    let at = key[prefix.len()..].find(delimiter)?;
    Some(&key[..prefix.len() + at + delimiter.len()])
}

fn row(key: String, object: &Object) -> Row {
    Row {
        key: Some(key),
        size: i64::try_from(object.body.size).ok(),
        e_tag: Some(object.etag()),
        last_modified: Some(Timestamp::from(object.modified)),
        ..Row::default()
    }
}

pub(super) fn uploads(
    state: &State,
    input: ListMultipartUploadsInput,
) -> S3Result<ListMultipartUploadsOutput> {
    if input.delimiter.as_deref().is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(s3_error!(NotImplemented, "no delimiters in lists of uploads"));
    }
    let most = page(input.max_uploads)?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let marker = input.key_marker.as_deref().unwrap_or_default();
    // Without an id the marker stands for all uploads of its key.
    let beyond = |key: &str, id: &str| match input.upload_id_marker.as_deref() {
        Some(seen) if !seen.is_empty() && key == marker => id > seen,
        _ => key > marker,
    };
    let wanted = |(key, id): &(String, String)| key.starts_with(prefix) && beyond(key, id);
    let mut all = state.uploads.iter().filter(|(name, _)| wanted(name));
    let rows: Vec<_> = all.by_ref().take(usize::try_from(most).unwrap_or_default()).collect();
    let last = all.next().and(rows.last());
    let encode = encoder(input.encoding_type.as_ref());
    Ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        is_truncated: Some(last.is_some()),
        next_key_marker: last.map(|((key, _), _)| encode(key)),
        next_upload_id_marker: last.map(|((_, id), _)| id.clone()),
        uploads: Some(rows.iter().map(|((key, id), upload)| upload_row(encode(key), id, upload)).collect()),
        max_uploads: Some(most),
        prefix: input.prefix.as_deref().map(&encode),
        key_marker: input.key_marker.as_deref().map(&encode),
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    })
}

fn upload_row(key: String, id: &str, upload: &Upload) -> MultipartUpload {
    MultipartUpload {
        key: Some(key),
        upload_id: Some(id.to_owned()),
        initiated: Some(Timestamp::from(upload.begun)),
        ..MultipartUpload::default()
    }
}

pub(super) fn parts(state: &State, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let name = (input.key.clone(), input.upload_id.clone());
    let upload = state.uploads.get(&name).ok_or_else(|| s3_error!(NoSuchUpload))?;
    let most = page(input.max_parts)?;
    let mut all = upload.parts.range(input.part_number_marker.unwrap_or(0) + 1..);
    let rows: Vec<_> = all.by_ref().take(usize::try_from(most).unwrap_or_default()).collect();
    let last = all.next().and(rows.last()).map(|(number, _)| **number);
    let rows = rows.into_iter().map(|(number, part)| Part {
        part_number: Some(*number),
        e_tag: Some(part.etag()),
        size: i64::try_from(part.body.size).ok(),
        last_modified: Some(Timestamp::from(part.modified)),
        ..Part::default()
    });
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        parts: Some(rows.collect()),
        max_parts: Some(most),
        is_truncated: Some(last.is_some()),
        next_part_number_marker: last,
        part_number_marker: input.part_number_marker,
        ..ListPartsOutput::default()
    })
}

fn page(asked: Option<i32>) -> S3Result<i32> {
    match asked.unwrap_or(MOST) {
        negative if negative < 0 => Err(s3_error!(InvalidArgument)),
        most => Ok(most.min(MOST)),
    }
}

fn unseal(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE.decode(token).map_err(|_| s3_error!(InvalidArgument))?;
    String::from_utf8(bytes).map_err(|_| s3_error!(InvalidArgument))
}

fn encoder(kind: Option<&EncodingType>) -> impl Fn(&str) -> String + use<> {
    let url = kind.is_some_and(|kind| kind.as_str() == EncodingType::URL);
    move |text| match url {
        true => utf8_percent_encode(text, ENCODED).to_string().replace(' ', "+"),
        false => text.to_owned(),
    }
}
