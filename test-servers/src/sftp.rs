//! An SFTP server, Debian's openssh.
