"""The bus: Redis Streams carry launches; AiCSD's carriers and the MQTT export speak the predecessor's format."""

from labrelay.bus.streams import GROUP, Delivery, LaunchConsumer, launch_stream

__all__ = ["GROUP", "Delivery", "LaunchConsumer", "launch_stream"]
