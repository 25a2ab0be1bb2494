"""What the trainers and studies of examples/ share."""
