//! What an asset has, and what is known of its bytes.

use icloud_photos::asset::{
    AssetChange, AssetState, Checksum, Digests, Holder, Location, MediaKind, Resource, Role, Scheme, Subtype,
};
use icloud_photos::download::{Doubt, Proof, Saved};

use crate::value::{ToValue, Value, as_member, as_model, model};

as_member!(
    AssetChange => "AssetChange",
    Doubt => "Doubt",
    Holder => "Holder",
    MediaKind => "MediaKind",
    Role => "Role",
);
as_model!(Digests => "Digests" { checksum, sha256 });
as_model!(Location => "Location" {
    latitude, longitude, altitude, speed, course, horizontal_accuracy, vertical_accuracy, timestamp,
});
as_model!(Saved => "Saved" { path, size, proof, checksum, sha256, resumed_from, copied, rewritten });

impl ToValue for Subtype {
    fn to_value(self) -> Value {
        match self {
            Self::Unknown(_) => Value::Member("Subtype", "unknown".into()),
            known => Value::Member("Subtype", crate::snake(&format!("{known:?}")).into()),
        }
    }
}

impl ToValue for &Resource {
    fn to_value(self) -> Value {
        model!(
            "Resource",
            role = self.role,
            holder = self.holder,
            media_type = self.media_type.as_deref(),
            size = self.size,
            checksum = self.checksum.as_ref(),
            width = self.width,
            height = self.height,
            is_offered = self.is_offered(),
            is_provable = self.is_provable(),
        )
    }
}

impl ToValue for Checksum {
    fn to_value(self) -> Value {
        (&self).to_value()
    }
}

impl ToValue for &Checksum {
    fn to_value(self) -> Value {
        model!("Checksum", text = self.to_string(), is_known = matches!(self.scheme(), Scheme::SaltedSha1))
    }
}

impl ToValue for AssetState {
    fn to_value(self) -> Value {
        model!(
            "AssetState",
            content = Value::Digest(self.content),
            metadata = Value::Digest(self.metadata),
            trashed = self.trashed,
            hidden = self.hidden,
            favorite = self.favorite,
            master = self.master.as_str(),
        )
    }
}

impl ToValue for Proof {
    fn to_value(self) -> Value {
        let doubt = match self {
            Self::Unconfirmed(doubt) => Some(doubt),
            _ => None,
        };
        model!("Proof", verified = matches!(self, Self::Verified), doubt = doubt)
    }
}
