#!/bin/sh
# Makes the namespace unless it is there. Repeatable. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say which;
# `temporal-setup` raises its retention to 30 days where it is shorter.
set -eu
temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" \
    --retention "${TEMPORAL_RETENTION:-720h}"
