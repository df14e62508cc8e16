"""What came of it: post-implementation reviews, value realised, success cases."""
