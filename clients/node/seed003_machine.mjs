// Seed 003's state machine, as the tutorial has it.

export const machine = {
  "Comment": "Process Genesys Interaction Events with Concurrency Control",
  "StartAt": "ValidateEvent",
  "States": {
    "ValidateEvent": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:GenesysEventValidator",
      "ResultPath": "$.validationResult",
      "Next": "CheckBatchSize",
      "Catch": [
        {
          "ErrorEquals": [
            "States.TaskFailed"
          ],
          "Next": "FailState"
        }
      ]
    },
    "CheckBatchSize": {
      "Type": "Choice",
      "Choices": [
        {
          "Variable": "$.validationResult.isBatch",
          "BooleanEquals": true,
          "Next": "ProcessBatch"
        }
      ],
      "Default": "ProcessSingleEvent"
    },
    "ProcessSingleEvent": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:GenesysEventProcessor",
      "End": true,
      "Catch": [
        {
          "ErrorEquals": [
            "States.TaskFailed"
          ],
          "Next": "RetryHandler"
        }
      ]
    },
    "ProcessBatch": {
      "Type": "Map",
      "ItemsPath": "$.validationResult.items",
      "MaxConcurrency": 10,
      "Iterator": {
        "StartAt": "ProcessItem",
        "States": {
          "ProcessItem": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:GenesysEventProcessor",
            "End": true
          }
        }
      },
      "End": true
    },
    "RetryHandler": {
      "Type": "Wait",
      "Seconds": 5,
      "Next": "ProcessSingleEvent"
    },
    "FailState": {
      "Type": "Fail",
      "Cause": "Validation Failed",
      "Error": "InvalidEvent"
    }
  }
};
