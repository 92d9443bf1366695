"""TensorBoard's own writer and reader, beside those of crates/nn/src/training/tensorboard.

    python scripts/tensorboard_reference.py            prints the bytes that tensorboard/tests.rs expects
    python scripts/tensorboard_reference.py FOLDER     prints the scalars that TensorBoard reads there: tag, step, value

Needs the package tensorboard (2.21 gave the bytes in the tests).
"""

import io
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def framed(event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString())
    return out.getvalue()


def main():
    if len(sys.argv) > 1:
        accumulator = EventAccumulator(sys.argv[1])
        accumulator.Reload()
        for tag in accumulator.Tags()["scalars"]:
            for scalar in accumulator.Scalars(tag):
                print(tag, scalar.step, struct.unpack("f", struct.pack("f", scalar.value))[0])
        return
    scalars = Summary(
        value=[
            Summary.Value(tag="train/loss", simple_value=0.1),
            Summary.Value(tag="valid/a long name of a measure, so that the length of the summary takes two bytes", simple_value=-2.5),
        ]
    )
    restart = SessionLog(status=SessionLog.START)
    for event in [
        Event(wall_time=1.5, step=0, file_version="brain.Event:2"),
        Event(wall_time=2.5, step=1, session_log=restart),
        Event(wall_time=1e9, step=300, summary=scalars),
    ]:
        print(framed(event).hex())


main()
