import onnx.backend.test
from tests.onnx_backend import TracerBackend
runner = onnx.backend.test.BackendTest(TracerBackend, __name__)
runner.include("test_attention_.*")
runner.exclude("_expanded")
globals().update(runner.test_cases)
