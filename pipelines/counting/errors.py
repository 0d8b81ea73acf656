"""What can be wrong with an image that is posted to a pipeline itself; what is wrong inside it, the reader tells."""

from labrelay.errors import RequestRefused


class PostMalformed(RequestRefused):
    """The form can't be read, or has no image or several in it."""

    code = "post_malformed"
    default_next_step = "Send one image: `curl -F image=@FILE URL`."


class PostTooLarge(RequestRefused):
    """The body is larger than this service takes; the rest of it was not read."""

    code = "post_too_large"
    default_next_step = "Split or crop the image, or raise `pipelines.max_image_bytes`."
    status = 413


class PostForm(RequestRefused):
    """The body is neither a form with a file nor an image."""

    code = "post_form"
    default_next_step = "Send `curl -F image=@FILE URL`, or the bare image with `-H 'Content-Type: image/tiff'`."
    status = 415
