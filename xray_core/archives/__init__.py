"""Archives that a user puts into the workspace, unpacked into dataset folders."""
