"""Log-probabilities -> text. numpy only: nothing here loads torch."""
