"""What truly happened on a journey, found on its exact path; the noisy fixes are never looked at."""
