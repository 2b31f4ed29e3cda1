import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def table():
    scores = [0.3, 0.5, np.nan, 0.4]
    status = ["COMPLETED", "COMPLETED", "FAILED", "COMPLETED"]
    return pd.DataFrame({"score": scores, "status": status, "seconds": [1.0, 2.0, 0.5, np.nan]})
