"""The one reader of images for all pipelines: bytes of any kind in, one grey plane with its pixel size out.

`reader.read_image` looks at the first bytes (`signature`), lets the format's module (`tiff`, `raster`, `microscope`,
`czi`) open the file as a `stack.Stack` of planes still unread, and takes the one that a task's `Selection` names.
"""
